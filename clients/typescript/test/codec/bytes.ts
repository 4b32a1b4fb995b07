/** Hexadecimal text to bytes and back, and what each codec test asserts. */

import assert from "node:assert/strict";

import { CheckError, DecodeError, type Refusal, type Limits, Reader } from "@playhouse/client";

/** The bytes of `hex`; spaces are skipped. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** `bytes` as hexadecimal text. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Asserts that `read` refuses `hex` for this reason; returns the error. */
export function refused(hex: string, read: (r: Reader) => unknown, refusal: Refusal, limits?: Limits): DecodeError {
  try {
    const reader = new Reader(bytesOf(hex), limits);
    read(reader);
    reader.finish();
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${hex.slice(0, 80)}: ${String(error)}`);
    assert.equal(error.refusal, refusal, `${hex.slice(0, 80)}: ${error.message}`);
    return error;
  }
  return assert.fail(`${hex.slice(0, 80)} was read, but ${refusal} was expected`);
}

/** Asserts that `check` refuses for this reason; returns the error. */
export function unfit(check: () => void, refusal: Refusal): CheckError {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof CheckError, String(error));
    assert.equal(error.refusal, refusal, error.message);
    return error;
  }
  return assert.fail(`the value passed, but ${refusal} was expected`);
}
