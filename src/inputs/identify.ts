import type { Input } from "../model/input.ts";
import { canonicalJson } from "../model/json.ts";
import type { TaskPlan } from "../model/plan.ts";
import { shortHash } from "../runtime/hash.ts";
import { FingerprintMap } from "./fingerprints.ts";

/** What a resume, a shard and a queue know a task run by. */
export interface Identity {
  /** 128 bits of a SHA-256 in hex, unique in its task. */
  readonly id: string;
  /** The index of an earlier input with the same explicit key (code `duplicate_key`); null for none. */
  readonly duplicateOf: number | null;
}

/** Names one input; `key` is its rendered key, null for a task without. To be called once an input, in input order. */
export type Identify = (input: Input, key: string | null) => Identity;

/**
 * Names the inputs of one task: by the task's name and `key`, or without a key by its name, item and matrix, equal ones
 * being numbered. Limits, headers, secrets and params are no part of it, nor is the position among the inputs.
 * Keeps 16 to 32 bytes an input, nothing where inputs cannot be equal.
 */
export function identifyInputs(task: TaskPlan): Identify {
  const name = JSON.stringify(task.name);
  const seen = cannotBeEqual(task) ? null : new FingerprintMap();
  return (input, key) => {
    if (key !== null) {
      const id = shortHash(`[${name},${JSON.stringify(key)}]`);
      const earlier = seen?.add(id, input.index);
      if (earlier === undefined) return { id, duplicateOf: null };
      return { id: shortHash(`${id}#${input.index}`), duplicateOf: earlier };
    }
    const id = shortHash(`[${name},null,${canonicalJson(input.item)},${matrixText(input)}]`);
    const count = seen?.count(id) ?? 1;
    return { id: count === 1 ? id : shortHash(`${id}#${count}`), duplicateOf: null };
  };
}

/** True when no two inputs have the same key, or without a key the same content, whatever the data. */
export function cannotBeEqual({ foreach, matrix, key }: TaskPlan): boolean {
  if (foreach === null && matrix === null) return true;
  if (foreach === null || matrix !== null || foreach.batch !== null) return false;
  const itemsDiffer = foreach.source === "range" || foreach.source === "glob";
  if (key === null) return itemsDiffer;
  // One expression that differs from input to input, with fixed text around it.
  const expression = /^[^$]*\$\{\{\s*(\w+)\s*\}\}[^$]*$/.exec(key)?.[1];
  return expression === "index" || (itemsDiffer && (expression === "item" || expression === foreach.as));
}

function matrixText({ matrix }: Input): string {
  return matrix === null ? "null" : canonicalJson(matrix);
}
