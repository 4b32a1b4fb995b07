/**
 * A place in MessagePack bytes: forms, lengths, and what may still be spent on reading them.
 *
 * What stands on it is in `reader`. Nothing here trusts a declared length further than the bytes that are there.
 */

import { DecodeError, type Refusal } from "./error.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";
import { Path } from "./path.js";

/** A position in some bytes, with what may still be spent on them. */
export class Cursor extends Path {
  protected readonly bytes: Uint8Array;
  private lazyView: DataView | undefined;
  protected readonly limits: Limits;
  protected position = 0;
  /** Where the value that is being read begins: the byte that an error names. */
  protected begin = 0;
  /** Bytes of memory that may still be taken. */
  protected budget: number;

  constructor(bytes: Uint8Array, limits: Limits = DEFAULT_LIMITS) {
    super();
    // A Node `Buffer` behaves differently in `slice`: look at the same memory as a plain array of bytes.
    this.bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limits = limits;
    this.budget = limits.memoryFactor * bytes.byteLength + limits.memoryBase;
  }

  /** The bytes as numbers of several bytes. Made at its first use: most messages do without, and it costs. */
  protected get view(): DataView {
    this.lazyView ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.lazyView;
  }

  /** Which byte is read next. */
  get offset(): number {
    return this.position;
  }

  /** Refuses bytes after the value. */
  finish(): void {
    if (this.position < this.bytes.length) {
      this.begin = this.position;
      throw this.refuse("trailing_bytes", `${this.bytes.length - this.position} bytes follow after the value`);
    }
  }

  /** The error for the value that was read last, to be thrown. */
  refuse(refusal: Refusal, detail: string): DecodeError {
    return new DecodeError(refusal, this.place(), this.begin, detail);
  }

  /** Whether nil stands next, which is then consumed. */
  nil(): boolean {
    if (this.bytes[this.position] !== 0xc0) return false;
    this.position++;
    return true;
  }

  /** Reads over any value. */
  skip(): void {
    const byte = this.head();
    if (byte < 0x80 || byte >= 0xe0) return;
    if (byte < 0x90) return this.skipMany((byte & 0x0f) * 2);
    if (byte < 0xa0) return this.skipMany(byte & 0x0f);
    if (byte < 0xc0) return void this.take(byte & 0x1f);
    switch (byte) {
      case 0xc0: case 0xc2: case 0xc3: return;
      case 0xc4: case 0xd9: return void this.take(this.length(1));
      case 0xc5: case 0xda: return void this.take(this.length(2));
      case 0xc6: case 0xdb: return void this.take(this.length(4));
      case 0xc7: return void this.take(this.length(1) + 1);
      case 0xc8: return void this.take(this.length(2) + 1);
      case 0xc9: return void this.take(this.length(4) + 1);
      case 0xcc: case 0xd0: return void this.take(1);
      case 0xcd: case 0xd1: return void this.take(2);
      case 0xca: case 0xce: case 0xd2: return void this.take(4);
      case 0xcb: case 0xcf: case 0xd3: return void this.take(8);
      case 0xd4: return void this.take(2);
      case 0xd5: return void this.take(3);
      case 0xd6: return void this.take(5);
      case 0xd7: return void this.take(9);
      case 0xd8: return void this.take(17);
      case 0xdc: return this.skipMany(this.length(2));
      case 0xdd: return this.skipMany(this.length(4));
      case 0xde: return this.skipMany(this.length(2) * 2);
      case 0xdf: return this.skipMany(this.length(4) * 2);
      default: throw this.wrong("a value");
    }
  }

  protected skipMany(count: number): void {
    this.enter(count);
    for (let left = count; left > 0; left--) this.skip();
    this.depth--;
  }

  /** The first byte of the next value. */
  protected head(): number {
    this.begin = this.position;
    const byte = this.bytes[this.position];
    if (byte === undefined) throw this.refuse("truncated", "the bytes end where a value is expected");
    this.position++;
    return byte;
  }

  /** Steps over `count` bytes and returns where they begin. */
  protected take(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) throw this.refuse("truncated", "the bytes end inside of a value");
    this.position = start + count;
    return start;
  }

  /** An unsigned length of 1, 2 or 4 bytes. */
  protected length(bytes: 1 | 2 | 4): number {
    const start = this.take(bytes);
    if (bytes === 1) return this.bytes[start] as number;
    return bytes === 2 ? this.uint16(start) : this.uint16(start) * 0x10000 + this.uint16(start + 2);
  }

  /** The two bytes at `start` as a number. */
  protected uint16(start: number): number {
    return ((this.bytes[start] as number) << 8) | (this.bytes[start + 1] as number);
  }

  /** The error for a value of another form. */
  protected wrong(expected: string): DecodeError {
    const byte = (this.bytes[this.begin] as number).toString(16).padStart(2, "0");
    return this.refuse("wrong_type", `0x${byte} does not begin ${expected}`);
  }

  protected textLength(): number {
    const byte = this.head();
    if (byte >= 0xa0 && byte < 0xc0) return byte & 0x1f;
    if (byte === 0xd9) return this.length(1);
    if (byte === 0xda) return this.length(2);
    if (byte === 0xdb) return this.length(4);
    throw this.wrong("a string");
  }

  protected binaryLength(expected: string): number {
    const byte = this.head();
    if (byte === 0xc4) return this.length(1);
    if (byte === 0xc5) return this.length(2);
    if (byte === 0xc6) return this.length(4);
    throw this.wrong(expected);
  }

  protected arrayLength(): number {
    const byte = this.head();
    if (byte >= 0x90 && byte < 0xa0) return byte & 0x0f;
    if (byte === 0xdc) return this.length(2);
    if (byte === 0xdd) return this.length(4);
    throw this.wrong("an array");
  }

  protected mapLength(): number {
    const byte = this.head();
    if (byte >= 0x80 && byte < 0x90) return byte & 0x0f;
    if (byte === 0xde) return this.length(2);
    if (byte === 0xdf) return this.length(4);
    throw this.wrong("a map");
  }

  /** Goes into a container of `values` values, which the rest of the input has to be long enough for. */
  protected enter(values: number): void {
    if (values > this.bytes.length - this.position) {
      throw this.refuse("truncated", "fewer bytes are left than elements declared");
    }
    if (this.depth >= this.limits.depth) {
      throw this.refuse("too_deep", `nested deeper than ${this.limits.depth}`);
    }
    this.depth++;
    this.clear();
  }

  protected spend(bytes: number): void {
    this.budget -= bytes;
    if (this.budget < 0) throw this.refuse("too_much_memory", "more memory than the input's length justifies");
  }
}
