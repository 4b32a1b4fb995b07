/** What the type checker makes of generated types, and what `check` functions refuse. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "@playhouse/client";

import { unfit } from "../codec/bytes.js";
import {
  type AccountId,
  Bag,
  Color,
  type Everything,
  type Hand,
  type Percent,
  Player,
  type Refs,
  type Shape,
  Status,
  type Tenth,
  checkEverything,
  checkFew,
  checkHand,
  checkRefs,
  checkShape,
  decodeEverything,
  defaultEverything,
  encodeEverything,
} from "./gen/conformance/index.js";

test("newtypes take plain values and no other newtype", () => {
  const percent: Percent = 40;
  const more: Percent = percent + 1;
  // @ts-expect-error one newtype does not pass for another
  const tenth: Tenth = more as Percent;
  const account: AccountId = 5n;
  // @ts-expect-error a number is no 64-bit integer
  const wrong: AccountId = 5;
  assert.deepEqual([more, tenth, account, wrong], [41, 41, 5n, 5]);
});

test("a closed enum has its values alone, an open one any number", () => {
  const color: Color = 77;
  // @ts-expect-error no value of a closed enum
  const hand: Hand = 2;
  assert.equal(color === Color.red, false);
  assert.equal(unfit(() => checkHand(hand), "unknown_value").path, "");
  assert.equal(Status.held, Status.stunned | Status.rooted);
});

test("a switch over a union sees every arm", () => {
  const show = (shape: Shape): string => {
    switch (shape.kind) {
      case "nothing": return "nothing";
      case "number": return `${shape.value}`;
      case "text": return shape.value;
      case "point": return `${shape.value.x},${shape.value.y}`;
      case "box": return `${shape.value.w}x${shape.value.h}${shape.value.note ?? ""}`;
      case "maybe": return `${shape.value ?? "none"}`;
      case "many": return shape.value.map(show).join("+");
      case "bare": return "bare";
      case "at": return `${shape.value.time}`;
      case "unknown": return `#${shape.tag}`;
    }
  };
  assert.equal(show({ kind: "many", value: [{ kind: "box", value: { w: 1, h: 2 } }, { kind: "maybe" }] }), "1x2+none");
});

test("optional members may be left out", () => {
  const value: Everything = { ...defaultEverything(), name: "n" };
  delete value.id;
  const back = decode(encode(value, encodeEverything), decodeEverything);
  assert.equal(back.name, "n");
  assert.equal(back.id, undefined);
});

test("what a reader would refuse is found before it is sent, with its place", () => {
  const check = (change: (value: Everything) => void, refusal: "bound" | "does_not_fit" | "unknown_value", path: string) => {
    const value = defaultEverything();
    checkEverything(value);
    change(value);
    assert.equal(unfit(() => checkEverything(value), refusal).path, path);
  };
  check((value) => (value.count = 0), "bound", "count");
  check((value) => (value.tiny = 200), "does_not_fit", "tiny");
  check((value) => (value.ratio = Number.NaN), "bound", "ratio");
  check((value) => (value.name = "too long"), "bound", "name");
  check((value) => (value.at = 2n ** 63n), "does_not_fit", "at");
  check((value) => value.points.push({ x: 0, y: 2 ** 31 }), "does_not_fit", "points[0].y");
  check((value) => value.words.add(""), "bound", "words[0]");
  check((value) => value.nested.push(new Map([[1, ["12345"]]])), "bound", "nested[0][1][0]");
  check((value) => (value.shape = { kind: "text", value: "12345" }), "bound", "shape.text");
  check((value) => (value.hand = 5 as Hand), "unknown_value", "hand");
  unfit(() => checkFew([]), "bound");
  unfit(() => checkShape({ kind: "number", value: -1n }), "does_not_fit");
});

test("references are made by their entities and held to their types", () => {
  const refs: Refs = { player: Player.ref(7n), many: [] };
  checkRefs(refs);
  // @ts-expect-error a reference to an entity is none to a component
  refs.bag = Player.ref(7n);
  assert.equal(unfit(() => checkRefs(refs), "reference").path, "bag");
});

test("calls and properties can be looked up by name", () => {
  assert.equal(Bag.calls.put.tag, 1);
  assert.equal(Bag.calls.put.kind, "rpc");
  assert.equal(Bag.properties.gold, 5);
  assert.deepEqual(Player.slots.bag, { tag: 1, component: "conformance.Bag" });
});
