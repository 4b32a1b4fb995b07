import assert from "node:assert/strict";
import { test } from "node:test";

import {
  applyListChange,
  applyMapChange,
  applySetChange,
  checkListChange,
  checkMapChange,
  checkSetChange,
} from "@playhouse/client/v1";

import { unfit } from "./bytes.js";

test("a map changes by key", () => {
  const state = new Map([["a", 1], ["b", 2]]);
  const change = { whole: false, set: new Map([["b", 3], ["c", 4]]), removed: ["a", "z"] };
  checkMapChange("bag", state, change, 0, 2);
  assert.equal(unfit(() => checkMapChange("bag", state, change, 0, 1), "bound").path, "bag");
  applyMapChange(state, change);
  assert.deepEqual([...state], [["b", 3], ["c", 4]]);
  const whole = { whole: true, set: new Map([["d", 5]]), removed: [] };
  unfit(() => checkMapChange("bag", state, whole, 2, 8), "bound");
  applyMapChange(state, whole);
  assert.deepEqual([...state], [["d", 5]]);
});

test("a set changes by what comes and goes", () => {
  const state = new Set([1, 2]);
  const change = { whole: false, added: [2, 3], removed: [1] };
  checkSetChange("tags", state, change, 2, 2);
  unfit(() => checkSetChange("tags", state, change, 3, 9), "bound");
  assert.deepEqual([...state], [1, 2], "a check alters nothing");
  applySetChange(state, change);
  assert.deepEqual([...state], [2, 3]);
  applySetChange(state, { whole: true, added: [9], removed: [] });
  assert.deepEqual([...state], [9]);
});

test("a list changes by index, and lengthens only by what is given", () => {
  const state = [1, 2, 3];
  const change = { length: 5, set: new Map([[4, 50], [0, 10], [3, 40]]) };
  checkListChange("rows", state, change, 0, 5);
  applyListChange(state, change);
  assert.deepEqual(state, [10, 2, 3, 40, 50]);
  unfit(() => checkListChange("rows", state, { length: 7, set: new Map([[6, 1]]) }, 0, 9), "list_gap");
  unfit(() => checkListChange("rows", state, { length: 2, set: new Map([[2, 1]]) }, 0, 9), "bound");
  unfit(() => checkListChange("rows", state, { length: 4_000_000_000, set: new Map() }, 0, Infinity), "list_gap");
  unfit(() => checkListChange("rows", state, { length: 5, set: new Map() }, 0, 4), "bound");
  applyListChange(state, { length: 1, set: new Map() });
  assert.deepEqual(state, [10]);
});
