/**
 * Changes of properties that are maps, sets and lists: what changed, and applying it to a mirror of the state.
 *
 * A change is plain data, so that a game can look at it (which key, which index) before or after it is applied.
 * `check...` finds out whether a change may be applied and alters nothing; `apply...` then does it in place.
 */

import { CheckError, type Refusal } from "./error.js";
import { sortedNumbers } from "./order.js";
import type { Key } from "./path.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/** What changed in a map. */
export interface MapChange<K, V> {
  /** The map is emptied first. */
  whole: boolean;
  /** Entries added or replaced. */
  set: Map<K, V>;
  /** Keys taken away. */
  removed: K[];
}

/** What changed in a set. */
export interface SetChange<T> {
  /** The set is emptied first. */
  whole: boolean;
  /** Elements that are new. */
  added: T[];
  /** Elements taken away, before the new ones come. */
  removed: T[];
}

/** What changed in a list. */
export interface ListChange<T> {
  /** How long it is now. */
  length: number;
  /** Elements by index; every one that is new stands here. */
  set: Map<number, T>;
}

/** Reads `[whole, {key: value or nil}]`. */
export function readMapChange<K extends Key, V>(
  r: Reader,
  readKey: (r: Reader) => K,
  readValue: (r: Reader) => V,
): MapChange<K, V> {
  const n = r.struct();
  const whole = n > 0 && r.slot("whole") ? r.bool() : false;
  const change: MapChange<K, V> = { whole, set: new Map(), removed: [] };
  if (n > 1 && r.slot("entries")) {
    const seen = new Set<K>();
    for (let i = 0, length = r.map(); i < length; i++) {
      r.index(i);
      const key = readKey(r);
      if (seen.has(key)) throw r.duplicateKey(key);
      seen.add(key);
      r.key(key);
      if (r.nil()) change.removed.push(key);
      else change.set.set(key, readValue(r));
    }
    r.leave();
  }
  r.leaveSlots(n, 2);
  return change;
}

/** Reads `[whole, [added...], [removed...]]`. */
export function readSetChange<T extends Key>(r: Reader, read: (r: Reader) => T): SetChange<T> {
  const n = r.struct();
  const whole = n > 0 && r.slot("whole") ? r.bool() : false;
  const added = n > 1 && r.slot("added") ? readItems(r, read) : [];
  const removed = n > 2 && r.slot("removed") ? readItems(r, read) : [];
  r.leaveSlots(n, 3);
  return { whole, added, removed };
}

function readItems<T extends Key>(r: Reader, read: (r: Reader) => T): T[] {
  const seen = new Set<T>();
  for (let i = 0, length = r.set(); i < length; i++) {
    r.index(i);
    const item = read(r);
    if (seen.has(item)) throw r.duplicate();
    seen.add(item);
  }
  r.leave();
  return [...seen];
}

/** Reads `[length, {index: value}]`. */
export function readListChange<T>(r: Reader, read: (r: Reader) => T): ListChange<T> {
  const n = r.struct();
  r.require("length", n > 0);
  const change: ListChange<T> = { length: r.u32(), set: new Map() };
  if (n > 1 && r.slot("elements")) {
    for (let i = 0, length = r.map(); i < length; i++) {
      r.index(i);
      const index = r.u32();
      if (change.set.has(index)) throw r.duplicateKey(index);
      r.index(index);
      change.set.set(index, read(r));
    }
    r.leave();
  }
  r.leaveSlots(n, 2);
  return change;
}

/** Writes the change of a map; `sort` puts its keys into their order. */
export function writeMapChange<K, V>(
  w: Writer,
  change: MapChange<K, V>,
  sort: (keys: Iterable<K>) => K[],
  writeKey: (w: Writer, key: K) => void,
  writeValue: (w: Writer, value: V) => void,
): void {
  w.array(2);
  w.bool(change.whole);
  const keys = sort([...change.set.keys(), ...change.removed]);
  w.map(keys.length);
  for (const key of keys) {
    writeKey(w, key);
    if (change.set.has(key)) writeValue(w, change.set.get(key) as V);
    else w.nil();
  }
}

/** Writes the change of a set; `sort` puts its elements into their order. */
export function writeSetChange<T>(
  w: Writer,
  change: SetChange<T>,
  sort: (items: Iterable<T>) => T[],
  write: (w: Writer, item: T) => void,
): void {
  w.array(3);
  w.bool(change.whole);
  for (const items of [change.added, change.removed]) {
    w.array(items.length);
    for (const item of sort(items)) write(w, item);
  }
}

/** Writes the change of a list. */
export function writeListChange<T>(w: Writer, change: ListChange<T>, write: (w: Writer, item: T) => void): void {
  w.array(2);
  w.uint(change.length);
  w.map(change.set.size);
  for (const index of sortedNumbers(change.set.keys())) {
    w.uint(index);
    write(w, change.set.get(index) as T);
  }
}

/** Throws if `change` breaks the bound of map `property`. */
export function checkMapChange<K, V>(
  property: string,
  state: ReadonlyMap<K, V>,
  change: MapChange<K, V>,
  min: number,
  max: number,
): void {
  let size = change.set.size;
  if (!change.whole) {
    size = state.size;
    for (const key of change.removed) if (state.has(key)) size--;
    for (const key of change.set.keys()) if (!state.has(key)) size++;
  }
  checkLength(property, size, min, max);
}

/** Throws if `change` breaks the bound of set `property`. */
export function checkSetChange<T>(
  property: string,
  state: ReadonlySet<T>,
  change: SetChange<T>,
  min: number,
  max: number,
): void {
  const after = new Set(change.whole ? [] : state);
  applySetChange(after, { whole: false, added: change.added, removed: change.removed });
  checkLength(property, after.size, min, max);
}

/** Throws if `change` breaks the bound of list `property` or leaves an element out. */
export function checkListChange<T>(
  property: string,
  state: readonly T[],
  change: ListChange<T>,
  min: number,
  max: number,
): void {
  checkLength(property, change.length, min, max);
  let fresh = 0;
  for (const index of change.set.keys()) {
    if (index >= change.length) {
      throw refuse("bound", property, `index ${index} is past the length of ${change.length}`);
    }
    if (index >= state.length) fresh++;
  }
  if (change.length > state.length && fresh < change.length - state.length) {
    throw refuse("list_gap", property, "an element is left out of those that are new");
  }
}

/** Changes `state` in place. */
export function applyMapChange<K, V>(state: Map<K, V>, change: MapChange<K, V>): void {
  if (change.whole) state.clear();
  for (const key of change.removed) state.delete(key);
  for (const [key, value] of change.set) state.set(key, value);
}

/** Changes `state` in place. */
export function applySetChange<T>(state: Set<T>, change: SetChange<T>): void {
  if (change.whole) state.clear();
  for (const item of change.removed) state.delete(item);
  for (const item of change.added) state.add(item);
}

/** Changes `state` in place. */
export function applyListChange<T>(state: T[], change: ListChange<T>): void {
  // Appending in ascending order keeps the array dense.
  if (change.length < state.length) state.length = change.length;
  const indexes = [...change.set.keys()].sort((a, b) => a - b);
  for (const index of indexes) state[index] = change.set.get(index) as T;
}

function checkLength(property: string, length: number, min: number, max: number): void {
  if (length < min || length > max) {
    throw refuse("bound", property, `a length of ${length} is not within ${min} to ${max}`);
  }
}

function refuse(refusal: Refusal, property: string, detail: string): CheckError {
  return new CheckError(refusal, property, detail);
}
