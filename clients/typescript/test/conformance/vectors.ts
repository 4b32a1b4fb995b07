/** The conformance vectors, as they stand in the repository's `tests/conformance`. */

import { readdirSync, readFileSync } from "node:fs";

import type { Types } from "./named.js";

/** A value and its bytes. */
export interface Valid {
  type: string;
  /** What it shows. */
  about?: string;
  /** The value in named form. */
  value: unknown;
  /** The canonical bytes. */
  hex: string;
  /** Other bytes that a reader takes as the same value. */
  also?: string[];
}

/** Bytes that are no value. */
export interface Invalid {
  type: string;
  about?: string;
  hex: string;
  error: string;
  /** Where; not looked at if it is left out. */
  path?: string;
}

/** Changes of a component's or entity's state; snapshots and changes in hexadecimal. */
export interface Change {
  owner: string;
  about?: string;
  before: string;
  changes: string;
  /** Other bytes for the same changes. */
  also?: string[];
  after: string;
}

/** Changes that are refused. */
export interface InvalidChange {
  owner: string;
  about?: string;
  before: string;
  changes: string;
  error: string;
  path?: string;
}

/** A message of a call: its arguments, result or error. */
export interface Message {
  owner: string;
  call: string;
  part: "args" | "result" | "error";
  about?: string;
  value: unknown;
  hex: string;
  also?: string[];
}

/** Any bytes, and what reading them comes to. */
export interface Verdict {
  type: string;
  hex: string;
  /** The canonical bytes of the value, if there is one. */
  canonical?: string;
  /** Why there is none. */
  error?: string;
}

/** One file of vectors. */
export interface File {
  name: string;
  valid?: Valid[];
  invalid?: Invalid[];
  changes?: Change[];
  invalid_changes?: InvalidChange[];
  messages?: Message[];
  verdicts?: Verdict[];
}

/** From `build/test/conformance` to the repository's `tests/conformance`. */
const FOLDER = new URL("../../../../../tests/conformance/", import.meta.url);

/** All files of vectors, by name. */
export function files(): File[] {
  const folder = new URL("vectors/", FOLDER);
  const names = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
  return names.map((name) => ({ ...(JSON.parse(readFileSync(new URL(name, folder), "utf8")) as File), name }));
}

/** The description of the conformance project's types. */
export function types(): Types {
  return JSON.parse(readFileSync(new URL("types.json", FOLDER), "utf8")) as Types;
}

/** The bytes of a vector: hexadecimal words, each of which may be repeated, as in `91*64 00`. */
export function bytesOf(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const word of text.split(/\s+/)) {
    const [digits = "", count = "1"] = word.split("*");
    const unit = Buffer.from(digits, "hex");
    if (unit.length * 2 !== digits.length) throw new Error(`${word} is not hexadecimal`);
    for (let left = Number(count); left > 0; left--) bytes.push(...unit);
  }
  return Uint8Array.from(bytes);
}
