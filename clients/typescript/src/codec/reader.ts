/**
 * Reads values from MessagePack bytes, refusing everything that `docs/wire.md` does not allow.
 *
 * Generated code drives a {@link Reader} member by member. Read {@link Reader.int} for how numbers are taken and
 * {@link Reader.slot} for how members are; every refusal is one {@link DecodeError}.
 */

import { Cursor } from "./cursor.js";
import type { DecodeError } from "./error.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";
import type { Key } from "./path.js";
import { type KeyPart, KEY_PARTS_MAX, KEY_TEXT_MAX, type Ref } from "./reference.js";
import { countCharacters, decodeUtf8 } from "./utf8.js";
import { readUuid } from "./uuid.js";

/** Memory that one element of a list, and one entry of a set or map, is taken to need. */
const ELEMENT_BYTES = 8;
const ENTRY_BYTES = 48;
/** Memory that an array, a map or an object is taken to need besides its elements. */
const CONTAINER_BYTES = 32;

const WORD = 0x1_0000_0000;
const F32_EXACT = 2 ** 24;

/** Reads values, each with its bound. */
export class Reader extends Cursor {
  // Presence

  /** Steps to member `name`; false if nil stands there, which is then consumed. */
  slot(name: string): boolean {
    this.member(name);
    return !this.nil();
  }

  /** Steps to member `name`, which has no default: refuses it if `there` is false or nil stands there. */
  require(name: string, there: boolean): void {
    this.member(name);
    if (!there || this.nil()) throw this.missing(name);
  }

  // Scalars

  /** A bool. */
  bool(): boolean {
    const byte = this.head();
    if (byte === 0xc3) return true;
    if (byte === 0xc2) return false;
    throw this.wrong("a bool");
  }

  /** A `u8`. */
  u8(): number {
    return this.int(0, 0xff);
  }

  /** A `u16`. */
  u16(): number {
    return this.int(0, 0xffff);
  }

  /** A `u32`. */
  u32(): number {
    return this.int(0, 0xffff_ffff);
  }

  /** An `i8`. */
  i8(): number {
    return this.int(-0x80, 0x7f);
  }

  /** An `i16`. */
  i16(): number {
    return this.int(-0x8000, 0x7fff);
  }

  /** An `i32`. */
  i32(): number {
    return this.int(-0x8000_0000, 0x7fff_ffff);
  }

  /** Any integer form whose value lies between `min` and `max`, which a number holds exactly. */
  int(min: number, max: number): number {
    const byte = this.head();
    const value = byte < 0x80 ? byte : byte >= 0xe0 ? byte - 0x100 : this.wideInt(byte);
    if (value < min || value > max) throw this.refuse("does_not_fit", `the integer does not fit into ${min} to ${max}`);
    return value;
  }

  /** A `u64`. */
  u64(): bigint {
    const byte = this.head();
    if (byte < 0x80) return BigInt(byte);
    const value = this.bigInt(byte);
    if (value < 0n) throw this.refuse("does_not_fit", "a negative integer where an unsigned one is expected");
    return value;
  }

  /** An `i64`, `timestamp` or `duration`. */
  i64(): bigint {
    const byte = this.head();
    if (byte < 0x80) return BigInt(byte);
    const value = this.bigInt(byte);
    if (value > 0x7fff_ffff_ffff_ffffn) throw this.refuse("does_not_fit", "the integer does not fit into a signed 64 bit one");
    return value;
  }

  /** An `f32`; integers that it holds exactly are taken too. */
  f32(): number {
    const byte = this.head();
    if (byte === 0xca) return this.view.getFloat32(this.take(4));
    if (byte === 0xcb) throw this.wrong("a float 32");
    return this.floatFromInt(byte, F32_EXACT);
  }

  /** An `f64`; a float 32 and integers that it holds exactly are taken too. */
  f64(): number {
    const byte = this.head();
    if (byte === 0xcb) return this.view.getFloat64(this.take(8));
    if (byte === 0xca) return this.view.getFloat32(this.take(4));
    return this.floatFromInt(byte, Number.MAX_SAFE_INTEGER + 1);
  }

  /** `value`, which was read last, if it lies between `min` and `max`; NaN never does. */
  bounded(value: number, min: number, max: number): number {
    if (value >= min && value <= max) return value;
    throw this.refuse("bound", `${value} is not within ${min} to ${max}`);
  }

  /** `value`, which was read last, if it lies between `min` and `max`. */
  bounded64(value: bigint, min: bigint, max: bigint): bigint {
    if (value >= min && value <= max) return value;
    throw this.refuse("bound", `${value} is not within ${min} to ${max}`);
  }

  /** A string of `min` to `max` characters. */
  string(min = 0, max = Infinity): string {
    const length = this.textLength();
    const start = this.take(length);
    if (length > max || min > 0) this.countBound(start, length, min, max);
    this.spend(length);
    return this.text(start, length);
  }

  /** `min` to `max` bytes. */
  binary(min = 0, max = Infinity): Uint8Array {
    const length = this.binaryLength("bytes");
    const start = this.take(length);
    if (length < min || length > max) throw this.refuse("bound", `${length} bytes are not within ${min} to ${max}`);
    this.spend(length);
    return this.bytes.slice(start, start + length);
  }

  /** A uuid. */
  uuid(): string {
    const length = this.binaryLength("a uuid");
    const start = this.take(length);
    if (length !== 16) throw this.refuse("bound", `a uuid has 16 bytes, not ${length}`);
    return readUuid(this.bytes, start);
  }

  // Containers

  /** Begins a struct, an arm's members or arguments; returns how many slots there are. End it with {@link leaveSlots}. */
  struct(): number {
    const length = this.arrayLength();
    this.enter(length);
    this.spend(CONTAINER_BYTES);
    return length;
  }

  /** Ends a struct or union of which `known` of the `length` slots were read, skipping the others. */
  leaveSlots(length: number, known: number): void {
    for (let slot = known; slot < length; slot++) this.skipSlot();
    this.depth--;
  }

  /** Skips the slot of a struct that has no member. */
  skipSlot(): void {
    this.clear();
    this.skip();
  }

  /** The error for member `name`, which is missing and has no default. */
  missing(name: string): DecodeError {
    this.member(name);
    this.begin = this.position;
    return this.refuse("missing", "nothing where a value is required");
  }

  /** Begins a list of `min` to `max` elements; returns their number. End it with {@link leave}. */
  list(min = 0, max = Infinity): number {
    const length = this.arrayLength();
    return this.elements(length, length, min, max, ELEMENT_BYTES);
  }

  /** Begins a set of `min` to `max` elements; returns their number. End it with {@link leave}. */
  set(min = 0, max = Infinity): number {
    const length = this.arrayLength();
    return this.elements(length, length, min, max, ENTRY_BYTES);
  }

  /** Begins a map of `min` to `max` entries; returns their number. End it with {@link leave}. */
  map(min = 0, max = Infinity): number {
    const length = this.mapLength();
    return this.elements(length, 2 * length, min, max, ENTRY_BYTES);
  }

  /** Ends a list, set or map whose elements were all read. */
  leave(): void {
    this.depth--;
  }

  /** The error for a key of a map that came before. */
  duplicateKey(key: Key): DecodeError {
    this.key(key);
    return this.duplicate();
  }

  /** The error for an element of a set that came before. */
  duplicate(): DecodeError {
    return this.refuse("duplicate", "it is there already");
  }

  /** The error for a number that a closed enum does not have. */
  unknownValue(value: number | bigint): DecodeError {
    return this.refuse("unknown_value", `${value} is no value of this enum, and it is closed`);
  }

  /** The error for a tag that a closed union does not have. */
  unknownArm(tag: number): DecodeError {
    return this.refuse("unknown_arm", `${tag} is no arm of this union, and it is closed`);
  }

  /**
   * Begins a union or error; returns how many elements its array has, at least 1. The tag is next, a `u8`. End it with
   * {@link leaveSlots}.
   */
  union(): number {
    const length = this.arrayLength();
    this.enter(length);
    this.spend(CONTAINER_BYTES);
    if (length === 0) throw this.refuse("wrong_type", "a union without its tag");
    return length;
  }

  /** Steps to the body of arm `name`, refusing it if the array ends before. */
  body(name: string, length: number): void {
    this.member(name);
    if (length < 2) {
      this.begin = this.position;
      throw this.refuse("missing", "an arm without its body");
    }
  }

  /** The body of an unknown arm, byte for byte; empty if there is none. */
  unknownBody(length: number): Uint8Array {
    if (length < 2) return new Uint8Array(0);
    const start = this.position;
    this.skip();
    const size = this.position - start;
    if (size > this.limits.unknownBody) {
      this.begin = start;
      throw this.refuse("unknown_too_long", `the body of an unknown arm has ${size} bytes, more than ${this.limits.unknownBody}`);
    }
    this.spend(size);
    return this.bytes.slice(start, this.position);
  }

  /** A reference to an entity of type `number` of package `packageNumber`. */
  entityRef<Target extends string>(packageNumber: number, number: number): Ref<Target> {
    const start = this.position;
    const ref = this.anyRef<Target>();
    if (ref.package === packageNumber && ref.number === number && ref.slot === 0) return ref;
    this.begin = start;
    throw this.refuse("reference", "it points at something else than an entity of this type");
  }

  /** A reference to a component in a slot of any entity. */
  componentRef<Target extends string>(): Ref<Target> {
    const start = this.position;
    const ref = this.anyRef<Target>();
    if (ref.slot !== 0) return ref;
    this.begin = start;
    throw this.refuse("reference", "it points at an entity, not at a component");
  }

  // Inside

  /** The rest of an integer of more than one byte; past 2^53 its magnitude is right and its last digits are not. */
  private wideInt(byte: number): number {
    switch (byte) {
      case 0xcc: return this.length(1);
      case 0xcd: return this.length(2);
      case 0xce: return this.length(4);
      case 0xcf: {
        const start = this.take(8);
        return this.view.getUint32(start) * WORD + this.view.getUint32(start + 4);
      }
      case 0xd0: return this.view.getInt8(this.take(1));
      case 0xd1: return this.view.getInt16(this.take(2));
      case 0xd2: return this.view.getInt32(this.take(4));
      case 0xd3: {
        const start = this.take(8);
        return this.view.getInt32(start) * WORD + this.view.getUint32(start + 4);
      }
      default: throw this.wrong("an integer");
    }
  }

  private bigInt(byte: number): bigint {
    if (byte === 0xcf) return this.view.getBigUint64(this.take(8));
    if (byte === 0xd3) return this.view.getBigInt64(this.take(8));
    return BigInt(byte >= 0xe0 ? byte - 0x100 : this.wideInt(byte));
  }

  private floatFromInt(byte: number, exact: number): number {
    const value = byte < 0x80 ? byte : byte >= 0xe0 ? byte - 0x100 : this.wideIntOrFloat(byte);
    // Past 2^53 two integers share one number: decide on the exact value.
    if (value < -exact || value > exact || (exact > F32_EXACT && this.isPast(byte, value, exact))) {
      throw this.refuse("does_not_fit", "a float does not hold this integer exactly");
    }
    return value;
  }

  private wideIntOrFloat(byte: number): number {
    if (byte < 0xcc || byte > 0xd3) throw this.wrong("a float");
    return this.wideInt(byte);
  }

  /** Whether the eight-byte integer that was just read lies past `exact`, though its number is rounded to it. */
  private isPast(byte: number, value: number, exact: number): boolean {
    if (Math.abs(value) !== exact) return false;
    const start = this.position - 8;
    if (byte === 0xcf) return this.view.getBigUint64(start) > BigInt(exact);
    const signed = this.view.getBigInt64(start);
    return signed > BigInt(exact) || signed < BigInt(-exact);
  }

  private elements(length: number, values: number, min: number, max: number, memoryEach: number): number {
    this.enter(values);
    if (length < min || length > max) throw this.refuse("bound", `${length} elements are not within ${min} to ${max}`);
    this.spend(CONTAINER_BYTES + length * memoryEach);
    return length;
  }

  private countBound(start: number, length: number, min: number, max: number): void {
    const count = countCharacters(this.bytes, start, start + length);
    if (count >= min && count <= max) return;
    // Only UTF-8 has characters that can be counted.
    this.text(start, length);
    throw this.refuse("bound", `${count} characters are not within ${min} to ${max}`);
  }

  private text(start: number, length: number): string {
    const text = decodeUtf8(this.bytes, start, start + length);
    if (text === undefined) throw this.refuse("utf8", "the string is not UTF-8");
    return text;
  }

  private anyRef<Target extends string>(): Ref<Target> {
    const start = this.position;
    const length = this.arrayLength();
    this.enter(length);
    if (length < 3 || length > 3 + KEY_PARTS_MAX) {
      this.begin = start;
      throw this.refuse("reference", `a reference has 3 to ${3 + KEY_PARTS_MAX} elements, not ${length}`);
    }
    this.spend(4 * CONTAINER_BYTES);
    const packageNumber = this.u16();
    const number = this.u16();
    const slot = this.u8();
    const key: KeyPart[] = [];
    for (let part = 3; part < length; part++) key.push(this.keyPart());
    this.leave();
    return { package: packageNumber, number, slot, key };
  }

  private keyPart(): KeyPart {
    const byte = this.bytes[this.position] ?? 0;
    if (byte >= 0xc4 && byte <= 0xc6) return { uuid: this.uuid() };
    if ((byte >= 0xa0 && byte < 0xc0) || (byte >= 0xd9 && byte <= 0xdb)) return this.keyText();
    const head = this.head();
    return head < 0x80 ? BigInt(head) : this.bigInt(head);
  }

  private keyText(): string {
    const length = this.textLength();
    const start = this.take(length);
    const text = this.text(start, length);
    if (length > KEY_TEXT_MAX) {
      throw this.refuse("reference", `a part of the key has ${length} bytes, more than ${KEY_TEXT_MAX}`);
    }
    this.spend(length);
    return text;
  }
}

/** The value that `bytes` hold, all of them. */
export function decode<T>(bytes: Uint8Array, read: (reader: Reader) => T, limits: Limits = DEFAULT_LIMITS): T {
  const reader = new Reader(bytes, limits);
  const value = read(reader);
  reader.finish();
  return value;
}
