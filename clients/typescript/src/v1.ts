/**
 * What generated code is written against, version 1.
 *
 * Not for hands: a generator that needs something else imports another version, and fails to compile against a runtime
 * that does not have it.
 */

export { Reader } from "./codec/reader.js";
export { Writer } from "./codec/writer.js";
export { Checker } from "./codec/checker.js";
export type { KeyPart, Ref } from "./codec/reference.js";
export type { Flavor, UnknownArm } from "./codec/flavor.js";
export { sortedBigints, sortedBooleans, sortedNumbers, sortedStrings } from "./codec/order.js";
export {
  applyListChange,
  applyMapChange,
  applySetChange,
  checkListChange,
  checkMapChange,
  checkSetChange,
  type ListChange,
  type MapChange,
  readListChange,
  readMapChange,
  readSetChange,
  type SetChange,
  writeListChange,
  writeMapChange,
  writeSetChange,
} from "./codec/change.js";
