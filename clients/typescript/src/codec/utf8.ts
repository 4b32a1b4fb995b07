/**
 * Strings to UTF-8 and back, with short ASCII ones kept away from the platform's coders, whose call costs more than
 * the work.
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Longest string that is tried by hand. */
const SHORT = 24;

/** The string in `bytes[start..end]`, or `undefined` if it is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= SHORT) {
    let text = "";
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** How many characters (Unicode scalar values) stand in the UTF-8 text `bytes[start..end]`. */
export function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    if (((bytes[at] as number) & 0xc0) !== 0x80) count++;
  }
  return count;
}

/** How many characters (Unicode scalar values) `text` has; half a surrogate pair counts as one. */
export function countScalars(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        count--;
        at++;
      }
    }
  }
  return count;
}

/** Whether `text` holds half a surrogate pair, which UTF-8 cannot carry. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/**
 * Writes short ASCII `text` at `start`; the caller made room for `text.length` bytes.
 *
 * Returns false, with the room's content undefined, if `text` is longer or holds anything else.
 */
export function encodeShort(text: string, bytes: Uint8Array, start: number): boolean {
  if (text.length > SHORT) return false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return false;
    bytes[start + at] = unit;
  }
  return true;
}

/** The UTF-8 bytes of `text`; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes `text` at `start`, where the caller made room for three bytes a unit; returns the number of bytes. */
export function encodeUtf8Into(text: string, bytes: Uint8Array, start: number): number {
  return encoder.encodeInto(text, bytes.subarray(start)).written;
}
