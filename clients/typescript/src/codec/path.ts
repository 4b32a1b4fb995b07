/**
 * The place inside of a value that is being read or checked.
 *
 * Kept as one slot a level instead of pushed and popped, so that stepping from member to member is one store. Slots
 * deeper than the current level are stale and never shown.
 */

/** A step: a member's name, an index, or (as {@link KEY}) a map's key. */
type Step = string | number | typeof KEY;

/** Marks a level whose step stands in the list of keys: a key may look like a name or an index. */
const KEY: unique symbol = Symbol("key");

/** Something that a map is keyed by. */
export type Key = string | number | bigint | boolean;

/** The steps from the outermost value to the current one. */
export class Path {
  /** How many containers are open. */
  depth = 0;
  private readonly steps: Step[] = [""];
  private readonly keys: Key[] = [];

  /** The next value is member `name` of the current container. */
  member(name: string): void {
    this.steps[this.depth] = name;
  }

  /** The next value is element `index` of the current container. */
  index(index: number): void {
    this.steps[this.depth] = index;
  }

  /** The next value is the element after the current one, or the first. */
  next(): void {
    const step = this.steps[this.depth];
    this.steps[this.depth] = typeof step === "number" ? step + 1 : 0;
  }

  /** The next value belongs to `key` of the current map. */
  key(key: Key): void {
    this.steps[this.depth] = KEY;
    this.keys[this.depth] = key;
  }

  /** Forgets the step of the current level: nothing is known about the next value yet. */
  clear(): void {
    this.steps[this.depth] = "";
  }

  /** The place as text, `bag[3].count`. */
  place(): string {
    let text = "";
    for (let level = 1; level <= this.depth; level++) {
      const step = this.steps[level];
      if (step === undefined || step === "") continue;
      if (step === KEY) {
        const key = this.keys[level];
        text += typeof key === "string" ? `[${JSON.stringify(key)}]` : `[${String(key)}]`;
      } else if (typeof step === "number") {
        text += `[${step}]`;
      } else {
        text += text === "" ? step : `.${step}`;
      }
    }
    return text;
  }
}
