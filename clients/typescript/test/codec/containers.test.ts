import assert from "node:assert/strict";
import { test } from "node:test";

import { type Limits, Reader, type Ref, Writer, decode, encode } from "@playhouse/client";

import { bytesOf, hexOf, refused } from "./bytes.js";

/** Reads a `list<u8>`. */
function list(r: Reader): number[] {
  const items: number[] = [];
  const length = r.list();
  for (let i = 0; i < length; i++) {
    r.index(i);
    items.push(r.u8());
  }
  r.leave();
  return items;
}

/** Reads a struct of `1 a: u8 = 7; 3 b: list<u8>`, the second one required. */
function struct(r: Reader): { a: number; b: number[] } {
  const n = r.struct();
  const a = n > 0 && r.slot("a") ? r.u8() : 7;
  if (n > 1) r.skipSlot();
  r.require("b", n > 2);
  const b = list(r);
  r.leaveSlots(n, 3);
  return { a, b };
}

test("heads of arrays and maps are the shortest", () => {
  const check = (length: number, array: string, map: string): void => {
    assert.equal(hexOf(encode(length, (w, length) => w.array(length))), array);
    assert.equal(hexOf(encode(length, (w, length) => w.map(length))), map);
  };
  check(0, "90", "80");
  check(15, "9f", "8f");
  check(16, "dc0010", "de0010");
  check(65_535, "dcffff", "deffff");
  check(65_536, "dd00010000", "df00010000");
});

test("slots may be nil, absent, unknown, or too many", () => {
  const check = (hex: string, a: number, b: number[]): void =>
    assert.deepEqual(decode(bytesOf(hex), struct), { a, b }, hex);
  check("93 01 c0 90", 1, []);
  check("93 c0 c0 91 05", 7, [5]);
  check("93 01 a161 90", 1, []);
  check("95 01 81 01 91 c3 90 c7 02 01 aabb d8 00000000000000000000000000000000 00", 1, []);
  check("dc0003 01 c0 90", 1, []);
});

test("a required member that is absent is refused, with its name", () => {
  assert.equal(refused("92 01 c0", struct, "missing").path, "b");
  assert.equal(refused("93 01 c0 c0", struct, "missing").path, "b");
  assert.equal(refused("90", struct, "missing").message, "b: nothing where a value is required (at byte 1)");
});

test("an error names the place and the byte", () => {
  const error = refused("93 01 c0 92 01 cd0100", struct, "does_not_fit");
  assert.equal(error.path, "b[1]");
  assert.equal(error.offset, 5);
});

test("a declared length is not trusted past the bytes that are there", () => {
  refused("ddffffffff", list, "truncated");
  refused("dcffff 00 00", list, "truncated");
  refused("dfffffffff", (r) => r.map(), "truncated");
  refused("8201", (r) => r.map(), "truncated");
  refused("c6ffffffff00", (r) => r.binary(), "truncated");
  refused("dbffffffff00", (r) => r.string(), "truncated");
  refused("92 00", list, "truncated");
  refused("", list, "truncated");
});

test("bytes after the value are refused", () => {
  assert.equal(refused("90 00", list, "trailing_bytes").offset, 1);
});

test("nesting is limited, in values that are skipped too", () => {
  const nested = (depth: number): string => "91".repeat(depth) + "00";
  const skip = (r: Reader): void => r.skip();
  decode(bytesOf(nested(64)), skip);
  refused(nested(65), skip, "too_deep");
  refused("81".repeat(100_000) + "00", skip, "too_deep");
  refused("91".repeat(100_000) + "00", skip, "too_deep");
});

test("memory is limited by the length of the input", () => {
  const limits: Limits = { depth: 64, memoryFactor: 2, memoryBase: 64, unknownBody: 16 };
  refused("dc0064" + "00".repeat(100), list, "too_much_memory", limits);
  decode(bytesOf("93 00 00 00"), list, limits);
});

test("an unknown arm keeps its body up to the limit", () => {
  const limits: Limits = { depth: 64, memoryFactor: 16, memoryBase: 4096, unknownBody: 4 };
  const body = (r: Reader): Uint8Array => {
    const n = r.union();
    r.u8();
    const kept = r.unknownBody(n);
    r.leaveSlots(n, 2);
    return kept;
  };
  assert.equal(hexOf(decode(bytesOf("92 09 93 01 02 03"), body, limits)), "93010203");
  assert.equal(hexOf(decode(bytesOf("91 09"), body, limits)), "");
  assert.equal(hexOf(decode(bytesOf("93 09 c0 05"), body, limits)), "c0");
  refused("92 09 94 01 02 03 04", body, "unknown_too_long", limits);
  refused("90", body, "wrong_type");
});

test("references keep the form of each part of the key", () => {
  const hex = "96 03 cd0102 00 cf0000000100000000 a26e31 c41001234567 89abcdef 01234567 89abcdef";
  const entity = (r: Reader): Ref => r.entityRef(3, 258);
  const component = (r: Reader): Ref => r.componentRef();
  const value = decode(bytesOf(hex), entity);
  assert.deepEqual(value, {
    package: 3,
    number: 258,
    slot: 0,
    key: [4_294_967_296n, "n1", { uuid: "01234567-89ab-cdef-0123-456789abcdef" }],
  });
  assert.equal(hexOf(encode(value, (w, value) => w.ref(value))), hex.replaceAll(" ", ""));
  decode(bytesOf("94 03 cd0102 02 05"), component);
  refused("94 03 cd0102 02 05", entity, "reference");
  refused("94 03 05 00 05", entity, "reference");
  refused("94 03 05 00 05", component, "reference");
  refused("92 03 01", component, "reference");
  refused("98 03 01 02 01 02 03 04 05", component, "reference");
  refused(`94 03 01 02 d981${"61".repeat(129)}`, component, "reference");
  refused("94 03 01 02 c3", component, "wrong_type");
});

test("a writer grows, and can be used again", () => {
  const writer = new Writer(1);
  for (let i = 0; i < 1000; i++) writer.uint(300);
  assert.equal(writer.length, 3000);
  assert.equal(writer.finish().length, 3000);
  writer.reset();
  writer.bool(true);
  assert.equal(hexOf(writer.written()), "c3");
});
