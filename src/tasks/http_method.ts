import type { ValueMap } from "../model/json.ts";

/** The method that a task's section names; without one GET, or POST when it has a body to send. A template as it is. */
export function methodOf(spec: ValueMap): string {
  const hasBody = ["json", "form", "body"].some((key) => (spec[key] ?? null) !== null);
  return String(spec.method ?? (hasBody ? "POST" : "GET"));
}
