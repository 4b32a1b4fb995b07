/** The ascending order in which maps and sets are written: `docs/wire.md`, Containers. */

/** Numbers, enums and newtypes over them, ascending. */
export function sortedNumbers<T extends number>(keys: Iterable<T>): T[] {
  const sorted = [...keys];
  for (let at = 1; at < sorted.length; at++) {
    if ((sorted[at - 1] as T) > (sorted[at] as T)) return sorted.sort((a, b) => a - b);
  }
  return sorted;
}

/** 64-bit integers, ascending. */
export function sortedBigints<T extends bigint>(keys: Iterable<T>): T[] {
  return [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Strings by their UTF-8 bytes, which is the order of code points and not JavaScript's own of UTF-16 units. */
export function sortedStrings<T extends string>(keys: Iterable<T>): T[] {
  return [...keys].sort(compareStrings);
}

/** False before true. */
export function sortedBooleans(keys: Iterable<boolean>): boolean[] {
  return [...keys].sort((a, b) => Number(a) - Number(b));
}

/** Orders two strings as their UTF-8 bytes are ordered. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Puts surrogates, which stand for code points past U+FFFF, above the units U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
