/** The reference game's client SDK, as a game would use it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Reader, Writer, decode, encode, slotRef } from "@playhouse/client";

import { unfit } from "../codec/bytes.js";
import { Currency, type Reward, type Stack, decodeReward, encodeReward, encodeStack } from "./gen/arena/common/index.js";
import { Avatar, Inventory, Transform } from "./gen/arena/world/index.js";

/** What a server would send: that `place` of the bag holds `stack` now. */
function placed(place: number, stack: Stack): Uint8Array {
  const w = new Writer();
  w.map(1);
  w.uint(Inventory.properties.bag);
  w.array(2);
  w.bool(false);
  w.map(1);
  w.uint(place);
  encodeStack(w, stack);
  return w.finish();
}

test("a bag is mirrored change by change", () => {
  const bag = decode(new Uint8Array([0x80]), Inventory.decodeSnapshot);
  assert.equal(bag.bag.size, 0);
  assert.equal(bag.worn.length, 8);
  const changes = decode(placed(3, { item: 7, count: 2 }), Inventory.decodeChanges);
  const seen = changes.flatMap((each) => (each.property === "bag" ? [...each.change.set.keys()] : []));
  assert.deepEqual(seen, [3]);
  Inventory.apply(bag, changes);
  assert.deepEqual(bag.bag.get(3), { item: 7, count: 2 });
});

test("a trade is checked before it is sent", () => {
  const to = slotRef(Avatar.ref(7n), Avatar.slots.bag);
  const { trade } = Inventory.calls;
  unfit(() => trade.checkArgs({ to, give: [] }), "bound");
  const error = unfit(() => trade.checkArgs({ to, give: [{ item: 1, count: 10_000 }] }), "bound");
  assert.equal(error.path, "give[0].count");
  trade.checkArgs({ to, give: [{ item: 1, count: 1 }] });
  const w = new Writer();
  trade.encodeArgs(w, { to, give: [{ item: 1, count: 1 }] });
  assert.equal(Buffer.from(w.finish()).toString("hex"), "92" + "9405" + "0a0207" + "919101");
});

test("a reward of a newer server survives", () => {
  const newer = new Uint8Array([0x92, 99, 0x91, 5]);
  const reward: Reward = decode(newer, decodeReward);
  assert.equal(reward.kind, "unknown");
  assert.deepEqual(encode(reward, encodeReward), newer);
  const coins: Reward = { kind: "coins", value: { currency: Currency.gold, amount: 5n } };
  assert.deepEqual(decode(encode(coins, encodeReward), decodeReward), coins);
});

test("a server's own calls and state are no part of a client", () => {
  assert.ok(!("deliver" in Inventory.calls));
  assert.ok(!("dropSeed" in Inventory.properties));
  assert.ok(!("vault" in Avatar.slots));
  assert.ok("teleported" in Transform.calls);
  assert.throws(() => Transform.decodeChanges(new Reader(new Uint8Array([0x81, 3, 0xca, 0x7f, 0xc0, 0, 0]))), /facing/);
});
