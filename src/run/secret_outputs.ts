import { ExpressionError } from "../model/expression.ts";
import { isValueMap, type Value, type ValueMap } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";

/** Masking fewer characters would blot out ordinary words. */
const leastLength = 6;

/**
 * Makes known what a secret output holds: a text, a number, or every text in a list or a map (short ones in there, such as
 * a `Bearer` beside the token, stay readable).
 *
 * @throws ExpressionError when it is too short to be masked
 */
export function learnSecretOutput(name: string, value: Value, learn: (text: string) => void): void {
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "bigint";
  if (isScalar && String(value).length < leastLength) {
    throw new ExpressionError(
      `output "${name}" is secret and has ${String(value).length} characters: ` +
        `masking takes at least ${leastLength}, so check what it reads, or leave out "secret: true"`,
    );
  }
  for (const text of textsOf(value)) if (text.length >= leastLength) learn(text);
}

/** The outputs as the journal and the report keep them. */
export function maskSecretOutputs({ outputs: declared }: TaskPlan, outputs: ValueMap): ValueMap {
  if (!Object.values(declared).some(({ secret }) => secret)) return outputs;
  const shown = Object.entries(outputs).map((
    [name, value],
  ) => [name, declared[name]?.secret ? "***" : value]);
  return Object.fromEntries(shown);
}

/** The outputs that may become an item of another task, and so stand in reports. */
export function openOutputs({ outputs: declared }: TaskPlan, outputs: ValueMap): ValueMap {
  if (!Object.values(declared).some(({ secret }) => secret)) return outputs;
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !declared[name]?.secret));
}

function textsOf(value: Value): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "bigint") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isValueMap(value) ? Object.values(value).flatMap(textsOf) : [];
}
