/** References to entities and to the components in their slots. */

/**
 * One part of an entity's key. An integer is always a `bigint` and a uuid is wrapped, so that each part keeps its form
 * on the wire.
 */
export type KeyPart = bigint | string | { readonly uuid: string };

/**
 * A `ref<Target>`: which entity, and which of its slots.
 *
 * `Target` is the full name of the entity or component in the schema; it exists for the type checker alone, so that a
 * reference to one type does not pass for another's.
 */
export interface Ref<Target extends string = string> {
  /** Number of the package of the entity's type. */
  readonly package: number;
  /** Number of the entity's type in its package. */
  readonly number: number;
  /** 0 for the entity itself, else the tag of the component's slot. */
  readonly slot: number;
  /** Parts of the entity's key in order, at most {@link KEY_PARTS_MAX}. */
  readonly key: readonly KeyPart[];
  /** Never there: carries `Target`. */
  readonly target?: Target;
}

/** Most parts of a key. */
export const KEY_PARTS_MAX = 4;

/** Most bytes of a key's string part. */
export const KEY_TEXT_MAX = 128;

/** A component's slot, as generated entities list them. */
export interface Slot<Component extends string = string> {
  readonly tag: number;
  /** The full name of the component. */
  readonly component: Component;
}

/** The reference to the component in `slot` of the entity that `entity` names. */
export function slotRef<Component extends string>(entity: Ref, slot: Slot<Component>): Ref<Component> {
  return { package: entity.package, number: entity.number, slot: slot.tag, key: entity.key };
}

/** Whether two references name the same slot of the same entity. */
export function sameRef(a: Ref, b: Ref): boolean {
  return (
    a.package === b.package &&
    a.number === b.number &&
    a.slot === b.slot &&
    a.key.length === b.key.length &&
    a.key.every((part, at) => keyText(part) === keyText(b.key[at] as KeyPart))
  );
}

/** A reference as text, `3:7/2["5"]`: equal for equal references, so that it can key a `Map`. */
export function refText(ref: Ref): string {
  return `${ref.package}:${ref.number}/${ref.slot}[${ref.key.map(keyText).join(",")}]`;
}

function keyText(part: KeyPart): string {
  if (typeof part === "object") return part.uuid;
  return typeof part === "string" ? JSON.stringify(part) : part.toString();
}
