/**
 * Values of generated types in the named form of `docs/wire.md`, by a description of their types.
 *
 * Generated code carries no description of itself; the conformance project writes one, `types.json`, for this alone.
 */

/** A type as used. */
export interface Use {
  shape: string;
  /** Elements of a list or set, values of a map. */
  of?: Use;
  key?: Use;
  /** The declared type. */
  name?: string;
  optional?: boolean;
}

/** A member with its default in named form; without one it is required. */
export interface Member {
  name: string;
  type: Use;
  default?: unknown;
}

/** An arm of a union or error. */
export interface Arm {
  name: string;
  value?: Use;
  members?: Member[];
}

/** A declared type. */
export type Declaration =
  | { kind: "struct"; members: Member[] }
  | { kind: "enum"; values: Record<string, string>; wide: boolean }
  | { kind: "flags"; bits: [name: string, bits: string][]; wide: boolean }
  | { kind: "union"; arms: Arm[] }
  | { kind: "newtype"; inner: Use };

/** Declared types by name. */
export type Types = Record<string, Declaration>;

/** `value`, of the declared type `name`, in named form. */
export function named(types: Types, name: string, value: unknown): unknown {
  const type = types[name];
  if (type === undefined) throw new Error(`no type ${name} is described`);
  switch (type.kind) {
    case "newtype":
      return used(types, type.inner, value);
    case "enum": {
      const known = Object.entries(type.values).find(([, number]) => number === String(value));
      return known === undefined ? integer(value, type.wide) : known[0];
    }
    case "flags": {
      let rest = BigInt(value as number | bigint);
      const names: unknown[] = [];
      for (const [name, bits] of type.bits) {
        if ((rest & BigInt(bits)) === 0n) continue;
        names.push(name);
        rest &= ~BigInt(bits);
      }
      return rest === 0n ? names : [...names, integer(rest, type.wide)];
    }
    case "struct":
      return struct(types, type.members, value as Record<string, unknown>);
    case "union":
      return arm(types, type.arms, value as { kind: string });
  }
}

/** `value`, of a type as used, in named form. */
export function used(types: Types, use: Use, value: unknown): unknown {
  if (value === undefined) return null;
  switch (use.shape) {
    case "u64": case "i64": case "timestamp": case "duration":
      return String(value);
    case "f32": case "f64":
      return Number.isFinite(value) ? value : String(value);
    case "bytes":
      return Buffer.from(value as Uint8Array).toString("base64");
    case "list":
      return Array.from(value as Iterable<unknown>, (item) => used(types, use.of as Use, item));
    case "set":
      return ascending(value as Iterable<unknown>).map((item) => used(types, use.of as Use, item));
    case "map": {
      const entries = Array.from(value as Map<unknown, unknown>, ([key, item]) => [
        String(used(types, use.key as Use, key)),
        used(types, use.of as Use, item),
      ]);
      return Object.fromEntries(entries) as unknown;
    }
    case "ref": {
      const ref = value as { package: number; number: number; slot: number; key: unknown[] };
      const parts = ref.key.map((part) => (typeof part === "bigint" ? { int: String(part) } : part));
      return [ref.package, ref.number, ref.slot, ...parts];
    }
    case "named":
      return named(types, use.name as string, value);
    default:
      return value;
  }
}

/** The elements of a set in the order of the wire. */
function ascending(values: Iterable<unknown>): unknown[] {
  return [...values].sort((a, b) => {
    if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
    const [left, right] = [a as number | bigint, b as number | bigint];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** Members that differ from their defaults. */
export function struct(types: Types, members: Member[], value: Record<string, unknown>): unknown {
  const shown: Record<string, unknown> = {};
  for (const member of members) {
    const form = used(types, member.type, value[camel(member.name)]);
    if (!("default" in member) || !same(form, member.default)) shown[member.name] = form;
  }
  return shown;
}

function arm(types: Types, arms: Arm[], value: { kind: string }): unknown {
  if (value.kind === "unknown") {
    const { tag, body } = value as unknown as { tag: number; body: Uint8Array };
    return { [`#${tag}`]: body.length === 0 ? null : Buffer.from(body).toString("base64") };
  }
  const known = arms.find((arm) => camel(arm.name) === value.kind);
  if (known === undefined) throw new Error(`no arm ${value.kind} is described`);
  const body = (value as { value?: unknown }).value;
  if (known.value !== undefined) return { [known.name]: used(types, known.value, body) };
  if (known.members === undefined) return { [known.name]: null };
  return { [known.name]: struct(types, known.members, body as Record<string, unknown>) };
}

function integer(value: unknown, wide: boolean): unknown {
  return wide ? String(value) : Number(value);
}

/** Whether two named forms are the same, -0 and 0 told apart. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" || typeof b === "number") return Object.is(a, b);
  return JSON.stringify(a) === JSON.stringify(b);
}

function camel(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
