import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode, type Reader, type Writer } from "@playhouse/client";

import { bytesOf, hexOf, refused } from "./bytes.js";

/** Asserts that `value` is written as `hex`, and that `hex` and each of `others` is read as `value`. */
function check<T>(
  value: T,
  hex: string,
  write: (w: Writer, value: T) => void,
  read: (r: Reader) => T,
  ...others: string[]
): void {
  assert.equal(hexOf(encode(value, write)), hex.replaceAll(" ", ""));
  for (const form of [hex, ...others]) assert.deepEqual(decode(bytesOf(form), read), value, form);
}

const uint = (w: Writer, value: number): void => w.uint(value);
const int = (w: Writer, value: number): void => w.int(value);
const u32 = (r: Reader): number => r.u32();
const i32 = (r: Reader): number => r.i32();

test("unsigned integers take their shortest form and are read from any", () => {
  check(0, "00", uint, u32, "cc00", "cd0000", "ce00000000", "cf0000000000000000", "d000", "d10000", "d200000000");
  check(127, "7f", uint, u32, "d3000000000000007f");
  check(128, "cc80", uint, u32, "cd0080");
  check(255, "ccff", uint, u32);
  check(256, "cd0100", uint, u32);
  check(65_535, "cdffff", uint, u32);
  check(65_536, "ce00010000", uint, u32);
  check(4_294_967_295, "ceffffffff", uint, u32, "cf00000000ffffffff", "d300000000ffffffff");
});

test("signed integers take their shortest form, an unsigned one if they are not negative", () => {
  check(128, "cc80", int, i32, "d10080");
  check(-1, "ff", int, i32, "d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff");
  check(-32, "e0", int, i32);
  check(-33, "d0df", int, i32);
  check(-128, "d080", int, i32);
  check(-129, "d1ff7f", int, i32);
  check(-32_768, "d18000", int, i32);
  check(-32_769, "d2ffff7fff", int, i32);
  check(-2_147_483_648, "d280000000", int, i32, "d3ffffffff80000000");
});

test("64-bit integers are bigints", () => {
  const u64 = (w: Writer, value: bigint): void => w.u64(value);
  const i64 = (w: Writer, value: bigint): void => w.i64(value);
  check(5n, "05", u64, (r) => r.u64(), "cf0000000000000005", "d30000000000000005");
  check(4_294_967_296n, "cf0000000100000000", u64, (r) => r.u64());
  check(18_446_744_073_709_551_615n, "cfffffffffffffffff", u64, (r) => r.u64());
  check(9_007_199_254_740_993n, "cf0020000000000001", i64, (r) => r.i64(), "d30020000000000001");
  check(-9_223_372_036_854_775_808n, "d38000000000000000", i64, (r) => r.i64());
  check(-5n, "fb", i64, (r) => r.i64(), "d3fffffffffffffffb");
  refused("ff", (r) => r.u64(), "does_not_fit");
  refused("cf8000000000000000", (r) => r.i64(), "does_not_fit");
});

test("integers that the type does not hold are refused", () => {
  refused("cd0100", (r) => r.u8(), "does_not_fit");
  refused("ff", (r) => r.u8(), "does_not_fit");
  refused("cc80", (r) => r.i8(), "does_not_fit");
  refused("cf0000000100000000", u32, "does_not_fit");
  refused("d3ffffffff7fffffff", i32, "does_not_fit");
  refused("ca3f800000", u32, "wrong_type");
  refused("c0", u32, "wrong_type");
  refused("c1", u32, "wrong_type");
});

test("floats are written in one form and read from integers that they hold exactly", () => {
  const f32 = (w: Writer, value: number): void => w.f32(value);
  const f64 = (w: Writer, value: number): void => w.f64(value);
  check(1, "ca3f800000", f32, (r) => r.f32(), "01", "d30000000000000001");
  check(-16_777_216, "cacb800000", f32, (r) => r.f32(), "d2ff000000");
  check(Number.NaN, "ca7fc00000", f32, (r) => r.f32());
  check(Infinity, "ca7f800000", f32, (r) => r.f32());
  check(1, "cb3ff0000000000000", f64, (r) => r.f64(), "01", "ca3f800000");
  check(9_007_199_254_740_992, "cb4340000000000000", f64, (r) => r.f64(), "cf0020000000000000");
  refused("cb3ff0000000000000", (r) => r.f32(), "wrong_type");
  refused("ce01000001", (r) => r.f32(), "does_not_fit");
  refused("cf0020000000000001", (r) => r.f64(), "does_not_fit");
  refused("d3ffdfffffffffffff", (r) => r.f64(), "does_not_fit");
  refused("cfffffffffffffffff", (r) => r.f64(), "does_not_fit");
  refused("a0", (r) => r.f64(), "wrong_type");
});

test("strings are UTF-8 in the shortest form", () => {
  const string = (w: Writer, value: string): void => w.string(value);
  const read = (r: Reader): string => r.string();
  check("", "a0", string, read, "d900", "da0000", "db00000000");
  check("hé", "a368c3a9", string, read);
  check("\ufeffa", "a4efbbbf61", string, read);
  check("x".repeat(31), `bf${"78".repeat(31)}`, string, read);
  check("x".repeat(32), `d920${"78".repeat(32)}`, string, read);
  check("é".repeat(20), `d928${"c3a9".repeat(20)}`, string, read);
  check("x".repeat(256), `da0100${"78".repeat(256)}`, string, read);
  check("😀".repeat(70), `da0118${"f09f9880".repeat(70)}`, string, read);
  check("é".repeat(40_000), `db00013880${"c3a9".repeat(40_000)}`, string, read);
  refused("c400", read, "wrong_type");
  refused("a1ff", read, "utf8");
  refused("a3eda080", read, "utf8");
  refused("a2c0af", read, "utf8");
  refused("a261", read, "truncated");
});

test("a string's bound counts characters", () => {
  assert.equal(decode(bytesOf("a8f09f9880f09f9880"), (r) => r.string(1, 2)), "😀😀");
  refused("acf09f9880f09f9880f09f9880", (r) => r.string(1, 2), "bound");
  refused("a0", (r) => r.string(1, 2), "bound");
  refused("a3f09f98", (r) => r.string(1, 2), "utf8");
});

test("bytes take the shortest bin form, and uuids 16 of them", () => {
  const binary = (w: Writer, value: Uint8Array): void => w.binary(value);
  check(new Uint8Array([1, 2]), "c4020102", binary, (r) => r.binary(), "c500020102", "c6000000020102");
  check(new Uint8Array(256), `c50100${"00".repeat(256)}`, binary, (r) => r.binary());
  const uuid = "01234567-89ab-cdef-0123-456789abcdef";
  check(uuid, "c4100123456789abcdef0123456789abcdef", (w, value) => w.uuid(value), (r) => r.uuid());
  refused("c40f0123456789abcdef0123456789abcd", (r) => r.uuid(), "bound");
  refused("b00123456789abcdef0123456789abcdef", (r) => r.uuid(), "wrong_type");
  refused("a0", (r) => r.binary(), "wrong_type");
  refused("c4020102", (r) => r.binary(3), "bound");
});

test("bytes that were read do not share memory with the input", () => {
  const input = Buffer.from([0xc4, 1, 7]);
  const bytes = decode(input, (r) => r.binary());
  input[2] = 8;
  assert.deepEqual(bytes, new Uint8Array([7]));
});
