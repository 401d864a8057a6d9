import type { ConfigPath } from "../model/diagnostic.ts";
import { orList } from "../model/near.ts";
import type { JsonSchema, Word } from "../schema/words.ts";
import { kinds } from "../tasks/registry.ts";
import { foreachKeys } from "./inputs_schema.ts";
import { kindNames } from "./kind_sections.ts";
import { runKeys } from "./run_schema.ts";
import { targetKeys } from "./target_schema.ts";
import { taskKeys } from "./task_schema.ts";

/** Where a key belongs that stands in the wrong section; undefined when no section near has it. */
export function homeOf(path: ConfigPath): string | undefined {
  const key = String(path.at(-1));
  const section = String(path[0]);
  const isIn = (keys: readonly string[]) => keys.includes(key);
  const isKindSection = path.length === 4 && (kindNames as readonly unknown[]).includes(path[2]);
  const oneUp = `it stands one level up, beside "${path[2]}"`;
  if (section === "tasks" && path.length === 4 && isIn(taskKeys)) return oneUp;
  if (section === "tasks" && isKindSection && isIn(targetKeys)) return "it belongs to a target";
  if (section === "tasks" && path.length === 3) {
    const homes = kinds.filter(({ schema }) => isIn(keysOf(schema))).map(({ name }) => `"${name}"`);
    if (homes.length > 0) return `it stands under ${orList(homes)}`;
    if (isIn(foreachKeys)) return 'it stands under "foreach"';
    if (isIn(targetKeys)) return "it belongs to a target";
    if (isIn(runKeys)) return 'it belongs to "run"';
  }
  if (section === "targets" && path.length === 4 && isIn(targetKeys)) return oneUp;
  if (section === "targets" && path.length === 3) {
    const homes = kinds.filter(({ targetSchema }) => isIn(keysOf(targetSchema))).map(({ name }) =>
      `"${name}"`
    );
    if (homes.length > 0) return `it stands under ${orList(homes)}`;
    if (isIn(taskKeys)) return "it belongs to a task";
  }
  // A target's name in a task; at the root it lacks its last letter.
  if (path.length > 2 || section === "target") return undefined;
  if (section !== "run" && isIn(runKeys)) return 'it belongs to "run"';
  if (isIn(targetKeys)) return 'it belongs to "defaults", or to a target';
  return isIn(taskKeys) ? "it belongs to a task" : undefined;
}

function keysOf(schema: Word<unknown>): readonly string[] {
  return Object.keys((schema.json().properties ?? {}) as JsonSchema);
}
