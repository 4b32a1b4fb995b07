import assert from "node:assert/strict";
import { test } from "node:test";

import { sortedBigints, sortedBooleans, sortedNumbers, sortedStrings } from "@playhouse/client/v1";

test("numbers are ordered by value", () => {
  assert.deepEqual(sortedNumbers([10, 9, -1, 100]), [-1, 9, 10, 100]);
  assert.deepEqual(sortedNumbers([1, 2, 3]), [1, 2, 3]);
  assert.deepEqual(sortedBigints([2n ** 63n, -1n, 5n]), [-1n, 5n, 2n ** 63n]);
  assert.deepEqual(sortedBooleans([true, false]), [false, true]);
});

test("strings are ordered as their UTF-8 bytes", () => {
  const encoder = new TextEncoder();
  const texts = ["", "a", "ab", "b", "é", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}", "a😀", "a\uffff", "Z"];
  const expected = [...texts].sort((a, b) => Buffer.compare(encoder.encode(a), encoder.encode(b)));
  assert.deepEqual(sortedStrings(texts), expected);
  assert.notDeepEqual([...texts].sort(), expected, "JavaScript's own order differs for some of them");
});
