/** What a reader refuses for its size: the limits of `docs/wire.md`. */
export interface Limits {
  /** Arrays and maps inside one another, skipped values included. */
  readonly depth: number;
  /** Bytes of memory that each byte of input may justify. */
  readonly memoryFactor: number;
  /** Bytes of memory that any input may take. */
  readonly memoryBase: number;
  /** Bytes that are kept of the body of an unknown arm. */
  readonly unknownBody: number;
}

/** The limits that hold unless others are given. */
export const DEFAULT_LIMITS: Limits = {
  depth: 64,
  memoryFactor: 16,
  memoryBase: 256 * 1024,
  unknownBody: 64 * 1024,
};
