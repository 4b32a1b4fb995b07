/** Names for plain types: newtypes and open enums. */

/**
 * A plain `Base` that the type checker tells apart by `Name`.
 *
 * Any plain value is taken where a flavored one is expected, so literals and results of arithmetic need no cast; but a
 * value of one flavor is not taken for another's, so a guild's id cannot pass for an account's.
 */
export type Flavor<Base, Name extends string> = Base & { readonly flavor?: Name };

/** An arm that this schema does not know: kept byte for byte, and written back unchanged. */
export interface UnknownArm<Kind extends string = "unknown"> {
  kind: Kind;
  /** The arm's tag. */
  tag: number;
  /** Its body in MessagePack; empty if it had none. */
  body: Uint8Array;
}
