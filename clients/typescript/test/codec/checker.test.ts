import assert from "node:assert/strict";
import { test } from "node:test";

import { Checker, DecodeError, refText, sameRef } from "@playhouse/client";

import { unfit } from "./bytes.js";

test("a checker refuses what a reader would", () => {
  const c = new Checker();
  c.int(255, 0, 255);
  unfit(() => c.int(256, 0, 255), "does_not_fit");
  unfit(() => c.int(1.5, 0, 255), "wrong_type");
  unfit(() => c.u64(-1n), "does_not_fit");
  unfit(() => c.u64(2n ** 64n), "does_not_fit");
  unfit(() => c.i64(2n ** 63n), "does_not_fit");
  c.bounded(0.5, 0, 1);
  unfit(() => c.bounded(Number.NaN, 0, 1), "bound");
  unfit(() => c.bounded64(5n, 0n, 4n), "bound");
  c.string("😀😀", 1, 2);
  unfit(() => c.string("", 1, 2), "bound");
  unfit(() => c.string("😀😀😀", 1, 2), "bound");
  unfit(() => c.string("\ud83d"), "utf8");
  unfit(() => c.length(3, 0, 2), "bound");
  c.uuid("01234567-89ab-cdef-0123-456789abcdef");
  unfit(() => c.uuid("01234567-89AB-cdef-0123-456789abcdef"), "wrong_type");
});

test("a checker names the place", () => {
  const c = new Checker();
  c.enter();
  c.member("bag");
  c.enter();
  c.key("a\"b");
  c.enter();
  c.member("count");
  const error = unfit(() => c.bounded(1000, 1, 999), "bound");
  assert.equal(error.path, 'bag["a\\"b"].count');
  assert.equal(error.message, 'bag["a\\"b"].count: 1000 is not within 1 to 999');
});

test("values that hold themselves are refused, not followed for ever", () => {
  const c = new Checker();
  for (let level = 0; level < 64; level++) c.enter();
  unfit(() => c.enter(), "too_deep");
});

test("the body of an unknown arm must be one value", () => {
  const c = new Checker();
  c.unknownArm(9, new Uint8Array([0x91, 1]));
  c.unknownArm(9, new Uint8Array(0));
  assert.throws(() => c.unknownArm(9, new Uint8Array([1, 1])), DecodeError);
  assert.throws(() => c.unknownArm(9, new Uint8Array([0x91])), DecodeError);
  unfit(() => c.unknownArm(256, new Uint8Array(0)), "does_not_fit");
});

test("references compare by what they name", () => {
  const a = { package: 1, number: 2, slot: 0, key: [5n, "x"] };
  assert.ok(sameRef(a, { ...a, key: [5n, "x"] }));
  assert.ok(!sameRef(a, { ...a, key: ["5", "x"] }));
  assert.equal(refText(a), '1:2/0[5,"x"]');
  const c = new Checker();
  c.entityRef(a, 1, 2);
  unfit(() => c.entityRef(a, 1, 3), "reference");
  unfit(() => c.componentRef(a), "reference");
  c.componentRef({ ...a, slot: 5 });
  unfit(() => c.componentRef({ ...a, slot: 256 }), "does_not_fit");
  unfit(() => c.entityRef({ ...a, key: ["é".repeat(65)] }, 1, 2), "bound");
});
