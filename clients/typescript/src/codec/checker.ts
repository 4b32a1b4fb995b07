/**
 * Checks values of our own before they are sent: everything that a reader would refuse, refused at its source.
 *
 * Generated `check` functions drive a {@link Checker} as generated `decode` functions drive a reader.
 */

import { CheckError, type Refusal } from "./error.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { Path } from "./path.js";
import { KEY_PARTS_MAX, KEY_TEXT_MAX, type Ref } from "./reference.js";
import { Reader } from "./reader.js";
import { countScalars, encodeUtf8, hasLoneSurrogate } from "./utf8.js";
import { isUuid } from "./uuid.js";

/** The place in a value that is being checked. */
export class Checker extends Path {
  /** Steps into a container of the value. */
  enter(): void {
    if (this.depth >= DEFAULT_LIMITS.depth) {
      throw this.refuse("too_deep", `nested deeper than ${DEFAULT_LIMITS.depth}`);
    }
    this.depth++;
    this.clear();
  }

  /** Steps out of a container. */
  leave(): void {
    this.depth--;
  }

  /** The error for the current value, to be thrown. */
  refuse(refusal: Refusal, detail: string): CheckError {
    return new CheckError(refusal, this.place(), detail);
  }

  /** An integer of the type that goes from `least` to `greatest`. */
  int(value: number, least: number, greatest: number): void {
    if (!Number.isInteger(value)) throw this.refuse("wrong_type", `${value} is not an integer`);
    if (value < least || value > greatest) {
      throw this.refuse("does_not_fit", `${value} does not fit into ${least} to ${greatest}`);
    }
  }

  /** A `u64`. */
  u64(value: bigint): void {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw this.refuse("does_not_fit", `${value} does not fit into a u64`);
  }

  /** An `i64`, `timestamp` or `duration`. */
  i64(value: bigint): void {
    if (value < -0x8000_0000_0000_0000n || value > 0x7fff_ffff_ffff_ffffn) {
      throw this.refuse("does_not_fit", `${value} does not fit into an i64`);
    }
  }

  /** The bound of a number; NaN never holds. */
  bounded(value: number, min: number, max: number): void {
    if (!(value >= min && value <= max)) throw this.refuse("bound", `${value} is not within ${min} to ${max}`);
  }

  /** The bound of a 64-bit integer. */
  bounded64(value: bigint, min: bigint, max: bigint): void {
    if (value < min || value > max) throw this.refuse("bound", `${value} is not within ${min} to ${max}`);
  }

  /** A string of `min` to `max` characters. */
  string(value: string, min = 0, max = Infinity): void {
    if (hasLoneSurrogate(value)) throw this.refuse("utf8", "the string holds half a surrogate pair");
    if (value.length <= max && min === 0) return;
    const count = countScalars(value);
    if (count < min || count > max) throw this.refuse("bound", `${count} characters are not within ${min} to ${max}`);
  }

  /** A number of bytes or elements of `min` to `max`. */
  length(length: number, min: number, max: number): void {
    if (length < min || length > max) throw this.refuse("bound", `a length of ${length} is not within ${min} to ${max}`);
  }

  /** A uuid. */
  uuid(value: string): void {
    if (!isUuid(value)) throw this.refuse("wrong_type", `${JSON.stringify(value)} is not a uuid in lower case with hyphens`);
  }

  /** The error for a number that a closed enum does not have. */
  unknownValue(value: number | bigint): CheckError {
    return this.refuse("unknown_value", `${value} is no value of this enum, and it is closed`);
  }

  /** An unknown arm: a body that one value fills, or none. */
  unknownArm(tag: number, body: Uint8Array): void {
    this.int(tag, 0, 0xff);
    this.length(body.length, 0, DEFAULT_LIMITS.unknownBody);
    if (body.length === 0) return;
    const reader = new Reader(body);
    reader.skip();
    reader.finish();
  }

  /** A reference to an entity of type `number` of package `packageNumber`. */
  entityRef(value: Ref, packageNumber: number, number: number): void {
    if (value.package !== packageNumber || value.number !== number || value.slot !== 0) {
      throw this.refuse("reference", "it points at something else than an entity of this type");
    }
    this.anyRef(value);
  }

  /** A reference to a component in a slot of any entity. */
  componentRef(value: Ref): void {
    if (value.slot === 0) throw this.refuse("reference", "it points at an entity, not at a component");
    this.anyRef(value);
  }

  private anyRef(value: Ref): void {
    this.int(value.package, 0, 0xffff);
    this.int(value.number, 0, 0xffff);
    this.int(value.slot, 0, 0xff);
    this.length(value.key.length, 0, KEY_PARTS_MAX);
    for (const part of value.key) {
      if (typeof part === "object") {
        this.uuid(part.uuid);
      } else if (typeof part === "string") {
        this.string(part);
        this.length(encodeUtf8(part).length, 0, KEY_TEXT_MAX);
      } else if (part < 0n) {
        this.i64(part);
      } else {
        this.u64(part);
      }
    }
  }
}
