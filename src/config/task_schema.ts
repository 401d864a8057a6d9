import type { KindName } from "../model/plan.ts";
import {
  choice,
  complain,
  expression,
  fixedText,
  flag,
  isMap,
  isTemplated,
  list,
  mapped,
  named,
  nullable,
  required,
  type Section,
  section,
  shapes,
  shortForm,
  type Templated,
  text,
  within,
  type Word,
} from "../schema/words.ts";
import { foreach, matrix } from "./inputs_schema.ts";
import { kindNames, kindSections, type Spec, takeKind } from "./kind_sections.ts";
import { capture, concurrency, retry, timeout } from "./limits_schema.ts";

const when = choice(["ok", "any", "done"], {
  description:
    "`ok`: every run of it ok, allowed to fail, or skipped by its `if`; `any`: at least one ok; `done`: whatever happened.",
  default: "ok",
});

const neededNames = list(fixedText("The name of a task."), {
  description: "Tasks that must be ok.",
  examples: [["users"]],
});

const neededTasks: typeof neededNames = {
  ...neededNames,
  read(raw, place) {
    if (!Array.isArray(raw) || !raw.some(isMap)) return neededNames.read(raw, place);
    const entries = raw.flatMap((one) => isMap(one) ? Object.entries(one) : [[one, "ok"]]);
    const meant = entries.map(([task, enough]) => `${task}: ${enough ?? "ok"}`).join(", ");
    return complain(place, `a list has names only: write needs: { ${meant} }`);
  },
};

const needs = shapes(
  [
    mapped(
      neededTasks,
      (tasks): Needs => Object.fromEntries(tasks.map((task) => [task, "ok"])),
    ),
    named(when, { description: "Tasks and when they are enough.", examples: [{ users: "any" }] }) as Word<
      Needs
    >,
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "Tasks that must end before this one starts; their results are read as `needs.NAME`.",
    examples: [["users"], { users: "any" }],
  },
);

/** Task → when it is enough. */
export type Needs = { readonly [task: string]: "ok" | "any" | "done" };

/** A part of the pool's limit. That one may adapt; a limit within it that did so too would follow its every step. */
const ownConcurrency = mapped(concurrency, (limit, place) => {
  if (!isMap(limit) || isTemplated(limit)) return limit as number | "cpus" | Templated<"concurrency">;
  place.reading.report(
    place.path,
    "a task's own concurrency is a number or cpus: only a target's limit adapts; write the bounds there",
  );
});

const noSecrets = { scope: "result", secrets: false } as const;

const output = shapes(
  [
    mapped(expression("Gives the value.", noSecrets), (value) => ({ value, secret: false })),
    mapped(
      section({
        value: required(expression("Gives the value.", noSecrets)),
        secret: choice([true, false], "Masked everywhere and never journalled."),
      }, "An output that may be secret."),
      ({ value, secret = false }) => ({ value, secret }),
    ),
  ],
  // Any other map is one of the expression language, which wants quotes around it.
  (raw) => isMap(raw) && ("value" in raw || "secret" in raw) ? 1 : 0,
  "An expression over the result.",
);

const savePath = text({
  description: "The file to write, relative to the config; each value in it is one segment.",
  examples: ["out/${{ item.id }}.json"],
}, noSecrets);

const save = shapes(
  [
    shortForm(
      mapped(savePath, (path): SaveSetting => ({ path })),
      '{ path: out/x.json, if: "status == 200" }',
    ),
    section({
      path: required(savePath),
      if: expression({ description: "Writes only when this holds.", examples: ["status == 200"] }, {
        ...noSecrets,
        gives: "bool",
      }),
    }, "A file, and when to write it.") as Word<SaveSetting>,
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "Writes the whole result to a file, once `expect` holds.",
    examples: ["out/${{ item }}.json"],
  },
);

/** @see TaskSetting.save */
export interface SaveSetting {
  readonly path: string;
  readonly if?: string;
}

const collectPath = text({
  description: "The file, relative to the config: CSV or JSON Lines by its ending.",
  examples: ["out/users.csv", "out/users.jsonl"],
}, { scope: "plan", secrets: false });

const collect = section({
  path: required(mapped(collectPath, (path, place) => {
    if (/\.(csv|jsonl|ndjson)$/.test(path)) return path;
    const message =
      `collect writes CSV or JSON Lines: let the path end in .csv, .jsonl or .ndjson, not "${path}"`;
    place.reading.report(place.path, message);
  })),
  value: required(expression({
    description:
      "Gives a run's line, over its result and its `outputs`. A map's members are columns of a CSV.",
    examples: ["outputs", "{'id': item.id, 'name': json.name}"],
  }, { scope: "collect", secrets: false })),
}, "Gathers one line per ok run into one file, in input order, when the run has ended.");

const taskEntries = {
  target: fixedText({
    description: "The target to run against; a pool of its kind's own without.",
    examples: ["api"],
  }),
  needs,
  if: expression({
    description: "Skips the run unless this holds.",
    examples: ["params.region == 'eu'"],
  }, { scope: "item", secrets: false, gives: "bool" }),
  foreach,
  matrix,
  key: text({
    description: "Names the result; a resume goes by it. Unique within the task.",
    examples: ["${{ item.id }}"],
  }, { scope: "key", secrets: false }),
  concurrency: nullable(ownConcurrency),
  timeout: nullable(timeout),
  retry: nullable(retry),
  idempotent: nullable(flag({
    description: "An attempt whose fate is unknown may be repeated.",
  })),
  expect: list(
    expression({ description: "A condition.", examples: ["json.users.size() > 0"] }, {
      scope: "result",
      gives: "bool",
    }),
    {
      description: "What must hold on a good status or exit; else the attempt fails with `expect`.",
      examples: [["json.ok"]],
    },
  ),
  outputs: named(output, {
    description: "Values to keep and to hand on as `needs.TASK.outputs.NAME`.",
    examples: [{ ids: "json.users.map(u, u.id)" }],
  }),
  save,
  collect,
  capture: nullable(capture),
  allowFailure: nullable(flag({ description: "A failure does not fail the run.", default: false })),
};

/** The keys of a task, but for the kinds. */
export const taskKeys: readonly string[] = Object.keys(taskEntries);

/** What a task says beside its kind. */
type CommonSetting = Section<typeof taskEntries>;

/** A task: its common settings, its kind, and the kind's section in the kind's own normal form. */
export type TaskSetting = CommonSetting & { readonly kind: KindName; readonly spec: Spec };

/** One entry under `tasks`. */
export const task: Word<TaskSetting> = within(
  "item",
  mapped(
    section(
      { ...taskEntries, ...kindSections((kind) => kind.schema) },
      "A task: what to do, for which inputs.",
      {
        exactlyOne: kindNames,
      },
    ),
    (given) => {
      const { kind, spec, rest } = takeKind(given);
      return kind === null ? undefined : { ...rest as CommonSetting, kind, spec };
    },
  ),
);
