/**
 * What a reader or a check refuses, and where.
 *
 * One error class for each direction: {@link DecodeError} for bytes from a peer, {@link CheckError} for a value of
 * our own that its schema does not allow. Both carry a {@link Refusal} that a program can switch on.
 */

/** Why a value was refused. The words are the same in every language's runtime and in the conformance vectors. */
export type Refusal =
  /** The bytes end inside of a value. */
  | "truncated"
  /** Bytes follow after the value. */
  | "trailing_bytes"
  /** Another MessagePack form than the type allows, or a byte that begins none. */
  | "wrong_type"
  /** A number that the type cannot hold. */
  | "does_not_fit"
  /** A value or length outside of its bound; NaN where there is one. */
  | "bound"
  /** A string that is not UTF-8. */
  | "utf8"
  /** Nothing where a member without a default, or an arm's body, has to stand. */
  | "missing"
  /** A key of a map or an element of a set that came before. */
  | "duplicate"
  /** A number that a closed enum does not have. */
  | "unknown_value"
  /** A tag that a closed union does not have. */
  | "unknown_arm"
  /** The body of an unknown arm is longer than what is kept of one. */
  | "unknown_too_long"
  /** Nested deeper than the limit. */
  | "too_deep"
  /** More memory than the bytes given justify. */
  | "too_much_memory"
  /** A reference that cannot be one. */
  | "reference"
  /** A change of a list that leaves elements without a value. */
  | "list_gap";

/** Bytes that are no value of the expected type. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";

  constructor(
    /** Why. */
    readonly refusal: Refusal,
    /** Where in the value, `bag[3].count`; empty for the value itself. */
    readonly path: string,
    /** At which byte of the input. */
    readonly offset: number,
    /** What was wrong, without the place. */
    readonly detail: string,
  ) {
    super(`${path === "" ? "" : `${path}: `}${detail} (at byte ${offset})`);
  }
}

/** A value that its schema does not allow to be sent. */
export class CheckError extends Error {
  override readonly name = "CheckError";

  constructor(
    /** Why. */
    readonly refusal: Refusal,
    /** Where in the value, `bag[3].count`; empty for the value itself. */
    readonly path: string,
    /** What was wrong, without the place. */
    readonly detail: string,
  ) {
    super(path === "" ? detail : `${path}: ${detail}`);
  }
}
