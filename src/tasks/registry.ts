/**
 * The list of task kinds. Here they are described only: what they need to run (drivers, sockets, processes) is
 * imported by a kind's `load()`, when a config has such a task.
 */
import type { KindName } from "../model/plan.ts";
import { execKind } from "./exec_schema.ts";
import { fileKind } from "./file_schema.ts";
import { httpKind } from "./http_schema.ts";
import type { Kind } from "./kind.ts";
import { redisKind } from "./redis_schema.ts";
import { sqlKind } from "./sql_schema.ts";

/** Every kind, in the order the documentation lists them. */
export const kinds: readonly Kind[] = [httpKind, fileKind, execKind, sqlKind, redisKind];

/** The kind of this name. */
export function kindNamed(name: KindName): Kind {
  return kinds.find((kind) => kind.name === name)!;
}
