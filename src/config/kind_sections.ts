import type { KindName } from "../model/plan.ts";
import type { Word } from "../schema/words.ts";
import type { Kind } from "../tasks/kind.ts";
import { kinds } from "../tasks/registry.ts";

/** A kind's section, in the kind's own normal form. */
export interface Spec {
  readonly [key: string]: unknown;
}

/** Names of the task kinds, in the order the documentation lists them. */
export const kindNames: readonly KindName[] = kinds.map((kind) => kind.name);

/** Kind → its section, for a task, a target or the defaults. */
export function kindSections(
  schemaOf: (kind: Kind) => Word<unknown>,
): { readonly [K in KindName]: Word<Spec> } {
  const words = kinds.map((kind): [KindName, Word<Spec>] => [kind.name, lenient(schemaOf(kind))]);
  return Object.fromEntries(words) as { [K in KindName]: Word<Spec> };
}

/** Splits a section that was read into its kind (null without one) and the rest. */
export function takeKind(given: { readonly [key: string]: unknown }): {
  readonly kind: KindName | null;
  readonly spec: Spec;
  readonly rest: { readonly [key: string]: unknown };
} {
  const kind = kindNames.find((name) => given[name] !== undefined && given[name] !== null) ?? null;
  const rest = Object.entries(given).filter(([key]) => !(kindNames as readonly string[]).includes(key));
  return { kind, spec: kind === null ? {} : given[kind] as Spec, rest: Object.fromEntries(rest) };
}

/** A kind's section in which something is wrong still tells which kind the task is of. */
function lenient(schema: Word<unknown>): Word<Spec> {
  return { ...schema, read: (raw, place) => (schema.read(raw, place) ?? {}) as Spec } as Word<Spec>;
}
