import { isValueMap, type Value } from "../model/json.ts";
import { outcomes } from "../model/outcome.ts";

/** A kind of value, or the kinds of a map's entries. */
type Shape = "text" | "number" | "list" | "map" | { readonly [name: string]: Shape };

const count = Object.fromEntries(outcomes.map((outcome) => [outcome, "number"])) as {
  readonly [name: string]: Shape;
};

/** What every format relies on. */
const headShape: Shape = {
  run: {
    id: "text",
    name: "text",
    startedAt: "text",
    status: "text",
    config: { path: "text" },
    params: "map",
  },
  summary: { total: "number", attempts: "number", retries: "number", skippedBy: "map", ...count },
  targets: "map",
  failures: { byCode: "map" },
  advice: "list",
};

const resultShape: Shape = {
  index: "number",
  task: "text",
  outcome: "text",
  durationMs: "number",
  attempts: "list",
};

/** The first thing in the head of a report that is not there or not of its kind, as `summary.total`; null for none. */
export function findHeadFault(head: Value): string | null {
  return faultIn(head, headShape, "");
}

/** The same for one of its results. */
export function findResultFault(result: Value): string | null {
  return faultIn(result, resultShape, "");
}

function faultIn(value: Value | undefined, shape: Shape, path: string): string | null {
  if (typeof shape === "string") return isKind(value, shape) ? null : path;
  if (!isValueMap(value)) return path;
  for (const [name, inner] of Object.entries(shape)) {
    const fault = faultIn(value[name], inner, path === "" ? name : `${path}.${name}`);
    if (fault !== null) return fault;
  }
  return null;
}

function isKind(value: Value | undefined, kind: "text" | "number" | "list" | "map"): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "list":
      return Array.isArray(value);
    case "map":
      return isValueMap(value);
  }
}
