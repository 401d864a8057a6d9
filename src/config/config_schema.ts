/**
 * What a config may say, and the form in which it is handed on: short forms written out, durations in milliseconds,
 * sizes in bytes, a `${{ }}` where a number may stand as {@link Templated}, expressions as their CEL source.
 * `config.schema.json` is made from this.
 *
 * Nothing in this folder opens a source, resolves a path or applies a default: a config is what the user wrote.
 */
import {
  complain,
  fixedText,
  literal,
  mapped,
  named,
  type Parsed,
  required,
  section,
} from "../schema/words.ts";
import { params, secrets } from "./params_schema.ts";
import { report, run } from "./run_schema.ts";
import { defaults, target } from "./target_schema.ts";
import { task } from "./task_schema.ts";

/** The whole file. */
export const configSchema = section(
  {
    version: required(literal(1, "Version of the config format."), 1),
    name: mapped(
      fixedText({
        description: "Names the run in reports; part of what a resume goes by.",
        examples: ["nightly_sync"],
      }),
      (name, place) => name.trim() === "" ? complain(place, "a name has a letter at least") : name,
    ),
    params,
    secrets,
    run,
    defaults,
    targets: named(target, {
      description: "Pools: each protects a host, a database, the disk or the CPU by its limits.",
      examples: [{ api: { http: { baseUrl: "https://api.example.com" }, concurrency: 8 } }],
    }),
    tasks: required(
      named(task, {
        description: "What to do. Each task runs once, or once for each of its inputs.",
        examples: [{ ping: { http: { url: "https://example.com" } } }],
      }),
      {},
    ),
    report,
  },
  "A fanout config.",
  { ignored: "x-" },
);

/** A config as the user wrote it, in its normal form. */
export type Config = Parsed<typeof configSchema>;
