/**
 * Writes values as MessagePack, in the canonical form of `docs/wire.md`.
 *
 * A writer checks nothing: it trusts that the value passed the generated `check` function, and a value that did not
 * is refused by whoever reads it.
 */

import type { KeyPart, Ref } from "./reference.js";
import { encodeShort, encodeUtf8, encodeUtf8Into } from "./utf8.js";
import { writeUuid } from "./uuid.js";

const WORD = 0x1_0000_0000;
/** Longest text whose bytes are written before their number is known. */
const TEXT_IN_PLACE = 4096;

/** Bytes that grow as values are written. */
export class Writer {
  private bytes: Uint8Array;
  private view: DataView;
  private position = 0;

  /** `capacity` is how many bytes are set aside at once. */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(Math.max(capacity, 16));
    this.view = new DataView(this.bytes.buffer);
  }

  /** How many bytes were written. */
  get length(): number {
    return this.position;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }

  /** What was written, without a copy: valid until the next write or {@link reset}. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.position);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.position = 0;
  }

  /** Nil: no value, or the default. */
  nil(): void {
    this.byte(0xc0);
  }

  /** A bool. */
  bool(value: boolean): void {
    this.byte(value ? 0xc3 : 0xc2);
  }

  /** An unsigned integer up to 2^53, in its shortest form. */
  uint(value: number): void {
    this.room(9);
    if (value < 0x80) {
      this.bytes[this.position++] = value;
    } else if (value < 0x100) {
      this.bytes[this.position] = 0xcc;
      this.bytes[this.position + 1] = value;
      this.position += 2;
    } else if (value < 0x10000) {
      this.bytes[this.position] = 0xcd;
      this.view.setUint16(this.position + 1, value);
      this.position += 3;
    } else if (value < WORD) {
      this.bytes[this.position] = 0xce;
      this.view.setUint32(this.position + 1, value);
      this.position += 5;
    } else {
      this.bytes[this.position] = 0xcf;
      this.view.setUint32(this.position + 1, value / WORD);
      this.view.setUint32(this.position + 5, value % WORD);
      this.position += 9;
    }
  }

  /** A signed integer of at most 32 bits, in its shortest form. */
  int(value: number): void {
    if (value >= 0) return this.uint(value);
    this.room(5);
    if (value >= -0x20) {
      this.bytes[this.position++] = value;
    } else if (value >= -0x80) {
      this.bytes[this.position] = 0xd0;
      this.bytes[this.position + 1] = value;
      this.position += 2;
    } else if (value >= -0x8000) {
      this.bytes[this.position] = 0xd1;
      this.view.setInt16(this.position + 1, value);
      this.position += 3;
    } else {
      this.bytes[this.position] = 0xd2;
      this.view.setInt32(this.position + 1, value);
      this.position += 5;
    }
  }

  /** A `u64`, in its shortest form. */
  u64(value: bigint): void {
    if (value < 0x1_0000_0000n) return this.uint(Number(value));
    this.room(9);
    this.bytes[this.position] = 0xcf;
    this.view.setBigUint64(this.position + 1, value);
    this.position += 9;
  }

  /** An `i64`, `timestamp` or `duration`, in its shortest form. */
  i64(value: bigint): void {
    if (value >= 0n) return this.u64(value);
    if (value >= -0x8000_0000n) return this.int(Number(value));
    this.room(9);
    this.bytes[this.position] = 0xd3;
    this.view.setBigInt64(this.position + 1, value);
    this.position += 9;
  }

  /** An `f32`; `value` is rounded to it. */
  f32(value: number): void {
    this.room(5);
    this.bytes[this.position] = 0xca;
    this.view.setFloat32(this.position + 1, value);
    this.position += 5;
  }

  /** An `f64`. */
  f64(value: number): void {
    this.room(9);
    this.bytes[this.position] = 0xcb;
    this.view.setFloat64(this.position + 1, value);
    this.position += 9;
  }

  /** A string. */
  string(value: string): void {
    this.room(1 + value.length);
    if (encodeShort(value, this.bytes, this.position + 1)) {
      this.bytes[this.position] = 0xa0 | value.length;
      this.position += 1 + value.length;
    } else if (value.length <= TEXT_IN_PLACE) {
      this.stringInPlace(value);
    } else {
      const bytes = encodeUtf8(value);
      this.textHead(bytes.length);
      this.raw(bytes);
    }
  }

  /** Bytes. */
  binary(value: Uint8Array): void {
    const length = value.length;
    this.room(5);
    if (length < 0x100) {
      this.bytes[this.position] = 0xc4;
      this.bytes[this.position + 1] = length;
      this.position += 2;
    } else if (length < 0x10000) {
      this.bytes[this.position] = 0xc5;
      this.view.setUint16(this.position + 1, length);
      this.position += 3;
    } else {
      this.bytes[this.position] = 0xc6;
      this.view.setUint32(this.position + 1, length);
      this.position += 5;
    }
    this.raw(value);
  }

  /** A uuid. */
  uuid(value: string): void {
    this.room(18);
    this.bytes[this.position] = 0xc4;
    this.bytes[this.position + 1] = 16;
    writeUuid(value, this.bytes, this.position + 2);
    this.position += 18;
  }

  /** The head of an array: `length` values follow. */
  array(length: number): void {
    this.room(5);
    if (length < 16) {
      this.bytes[this.position++] = 0x90 | length;
    } else {
      this.containerHead(0xdc, length);
    }
  }

  /** The head of a map: `length` keys follow, each with its value. */
  map(length: number): void {
    this.room(5);
    if (length < 16) {
      this.bytes[this.position++] = 0x80 | length;
    } else {
      this.containerHead(0xde, length);
    }
  }

  /** An unknown arm of a union or error, as it was read. */
  unknown(tag: number, body: Uint8Array): void {
    this.array(body.length === 0 ? 1 : 2);
    this.uint(tag);
    this.raw(body);
  }

  /** A reference. */
  ref(value: Ref): void {
    this.array(3 + value.key.length);
    this.uint(value.package);
    this.uint(value.number);
    this.uint(value.slot);
    for (const part of value.key) this.keyPart(part);
  }

  /** Values that are encoded already. */
  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  private byte(byte: number): void {
    this.room(1);
    this.bytes[this.position++] = byte;
  }

  private keyPart(part: KeyPart): void {
    if (typeof part === "bigint") this.i64(part);
    else if (typeof part === "string") this.string(part);
    else this.uuid(part.uuid);
  }

  private containerHead(form16: number, length: number): void {
    if (length < 0x10000) {
      this.bytes[this.position] = form16;
      this.view.setUint16(this.position + 1, length);
      this.position += 3;
    } else {
      this.bytes[this.position] = form16 + 1;
      this.view.setUint32(this.position + 1, length);
      this.position += 5;
    }
  }

  /** Writes text behind the head its length would need if it were ASCII, and moves it if that was too short. */
  private stringInPlace(value: string): void {
    this.room(3 + 3 * value.length);
    const guess = headBytes(value.length);
    const start = this.position + guess;
    const length = encodeUtf8Into(value, this.bytes, start);
    const head = headBytes(length);
    if (head !== guess) this.bytes.copyWithin(this.position + head, start, start + length);
    this.textHead(length);
    this.position += length;
  }

  private textHead(length: number): void {
    this.room(5);
    if (length < 32) {
      this.bytes[this.position++] = 0xa0 | length;
    } else if (length < 0x100) {
      this.bytes[this.position] = 0xd9;
      this.bytes[this.position + 1] = length;
      this.position += 2;
    } else if (length < 0x10000) {
      this.bytes[this.position] = 0xda;
      this.view.setUint16(this.position + 1, length);
      this.position += 3;
    } else {
      this.bytes[this.position] = 0xdb;
      this.view.setUint32(this.position + 1, length);
      this.position += 5;
    }
  }

  /** Makes room for `count` more bytes. */
  private room(count: number): void {
    if (this.position + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.position + count));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** How many bytes stand before a text of `length` bytes. */
function headBytes(length: number): number {
  if (length < 32) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : 5;
}

/** The bytes of `value`, written by `write`. */
export function encode<T>(value: T, write: (writer: Writer, value: T) => void): Uint8Array {
  const writer = new Writer();
  write(writer, value);
  return writer.finish();
}
