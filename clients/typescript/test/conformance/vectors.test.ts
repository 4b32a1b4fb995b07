import assert from "node:assert/strict";
import { test } from "node:test";

import { CheckError, DecodeError, type Reader, Writer, decode, encode } from "@playhouse/client";

import * as generated from "./gen/conformance/index.js";
import { named, struct, used } from "./named.js";
import { type File, bytesOf, files, types } from "./vectors.js";

const TYPES = types();
const FILES = files();

/** The generated functions of a type. */
interface Codec {
  read: (r: Reader) => unknown;
  write: (w: Writer, value: unknown) => void;
  check: (value: unknown) => void;
}

function codec(type: string): Codec {
  const functions = generated as unknown as Record<string, unknown>;
  const found = (prefix: string): unknown => {
    const f = functions[prefix + type];
    assert.equal(typeof f, "function", `${prefix}${type} is not generated`);
    return f;
  };
  return {
    read: found("decode") as Codec["read"],
    write: found("encode") as Codec["write"],
    check: found("check") as Codec["check"],
  };
}

/** The generated object of a component, entity or service, with what its state needs. */
interface Owner {
  calls: Record<string, Record<string, (...values: never[]) => unknown>>;
  decodeSnapshot: (r: Reader) => unknown;
  decodeChanges: (r: Reader) => unknown[];
  encodeChanges: (w: Writer, changes: unknown[]) => void;
  snapshot: (state: unknown) => unknown[];
  apply: (state: unknown, changes: unknown[]) => void;
}

function owner(name: string): Owner {
  const found = (generated as unknown as Record<string, unknown>)[name];
  assert.equal(typeof found, "object", `${name} is not generated`);
  return found as Owner;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Runs `read` and expects it to refuse. */
function refusal(read: () => unknown): CheckError | DecodeError {
  try {
    read();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof CheckError) return error;
    throw error;
  }
  return assert.fail("it was taken");
}

/** One test for each file that has vectors of this kind; without any vector, the suite fails. */
function each<K extends Exclude<keyof File, "name">>(
  kind: K,
  check: (vector: NonNullable<File[K]>[number], place: string) => void,
): void {
  let count = 0;
  for (const file of FILES) {
    const vectors = file[kind] as NonNullable<File[K]>[number][] | undefined;
    if (vectors === undefined) continue;
    count += vectors.length;
    test(`${file.name}: ${vectors.length} ${kind}`, () => {
      assert.ok(vectors.length > 0, "a list of vectors is empty");
      for (const vector of vectors) check(vector, `${file.name}: ${JSON.stringify(vector).slice(0, 300)}`);
    });
  }
  test(`there are ${kind}`, () => assert.ok(count > 0));
}

each("valid", (vector, place) => {
  const { read, write, check } = codec(vector.type);
  const canonical = bytesOf(vector.hex);
  for (const form of [vector.hex, ...(vector.also ?? [])]) {
    const value = decode(bytesOf(form), read);
    assert.deepEqual(named(TYPES, vector.type, value), vector.value, `${form} in ${place}`);
    assert.equal(hex(encode(value, write)), hex(canonical), `${form} in ${place}`);
    check(value);
  }
});

each("invalid", (vector, place) => {
  const error = refusal(() => decode(bytesOf(vector.hex), codec(vector.type).read));
  assert.equal(error.refusal, vector.error, `${error.message}: ${place}`);
  if (vector.path !== undefined) assert.equal(error.path, vector.path, place);
});

each("changes", (vector, place) => {
  const bag = owner(vector.owner);
  const snapshot = (state: unknown): string => {
    const writer = new Writer();
    bag.encodeChanges(writer, bag.snapshot(state));
    return hex(writer.written());
  };
  for (const form of [vector.changes, ...(vector.also ?? [])]) {
    const state = decode(bytesOf(vector.before), bag.decodeSnapshot);
    const changes = decode(bytesOf(form), bag.decodeChanges);
    const writer = new Writer();
    bag.encodeChanges(writer, changes);
    assert.equal(hex(writer.written()), hex(bytesOf(vector.changes)), `changes of ${form} in ${place}`);
    bag.apply(state, changes);
    assert.equal(snapshot(state), hex(bytesOf(vector.after)), `state after ${form} in ${place}`);
  }
});

each("invalid_changes", (vector, place) => {
  const bag = owner(vector.owner);
  const state = decode(bytesOf(vector.before), bag.decodeSnapshot);
  const error = refusal(() => bag.apply(state, decode(bytesOf(vector.changes), bag.decodeChanges)));
  assert.equal(error.refusal, vector.error, `${error.message}: ${place}`);
  if (vector.path !== undefined) assert.equal(error.path, vector.path, place);
  assert.deepEqual(state, decode(bytesOf(vector.before), bag.decodeSnapshot), "a refused change alters nothing");
});

each("verdicts", (vector, place) => {
  const { read, write } = codec(vector.type);
  const bytes = bytesOf(vector.hex);
  if (vector.canonical === undefined) {
    const error = refusal(() => decode(bytes, read));
    assert.equal(error.refusal, vector.error, `${error.message}: ${place}`);
  } else {
    assert.equal(hex(encode(decode(bytes, read), write)), vector.canonical, place);
  }
});

each("messages", (vector, place) => {
  const call = owner(vector.owner).calls[camel(vector.call)];
  assert.ok(call !== undefined, place);
  const part = { args: "Args", result: "Result", error: "Error" }[vector.part];
  const described = TYPES[`${vector.owner}.${vector.call}.${vector.part}`];
  for (const form of [vector.hex, ...(vector.also ?? [])]) {
    assert.ok(described?.kind === "struct" || described?.kind === "newtype", `${place} is not described`);
    const value: unknown = decode(bytesOf(form), call[`decode${part}`] as (r: Reader) => unknown);
    const shown =
      described.kind === "struct"
        ? struct(TYPES, described.members, value as Record<string, unknown>)
        : used(TYPES, described.inner, value);
    assert.deepEqual(shown, vector.value, `${form} in ${place}`);
    (call[`check${part}`] as (value: unknown) => void)(value);
    const write = call[`encode${part}`] as (w: Writer, value: unknown) => void;
    assert.equal(hex(encode(value, write)), hex(bytesOf(vector.hex)), `${form} in ${place}`);
  }
});

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
