/** Uuids: 16 bytes on the wire, the lower-case hyphenated string in a program. */

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` is a uuid in the one form that compares as its bytes do: lower case, with hyphens. */
export function isUuid(text: string): boolean {
  return FORM.test(text);
}

/** The uuid in the 16 bytes at `start`. */
export function readUuid(bytes: Uint8Array, start: number): string {
  let text = "";
  for (let at = 0; at < 16; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) text += "-";
    text += HEX[bytes[start + at] as number] as string;
  }
  return text;
}

/** Writes the bytes of `uuid` at `start`; other characters than hexadecimal digits count as 0. */
export function writeUuid(uuid: string, bytes: Uint8Array, start: number): void {
  let at = 0;
  let high = -1;
  for (let position = 0; position < uuid.length && at < 16; position++) {
    const unit = uuid.charCodeAt(position);
    if (unit === 0x2d) continue;
    const digit = digitOf(unit);
    if (high < 0) {
      high = digit;
    } else {
      bytes[start + at++] = (high << 4) | digit;
      high = -1;
    }
  }
  bytes.fill(0, start + at, start + 16);
}

function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 0;
}
