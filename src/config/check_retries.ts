import type { ReportProblem } from "../model/diagnostic.ts";
import type { KindName } from "../model/plan.ts";
import type { Config } from "./config_schema.ts";

/** Codes that only attempts of some kinds end with. Every other code may come from any kind. */
const codesOfKinds: { readonly [code: string]: readonly KindName[] } = {
  http_status: ["http"],
  redirect: ["http"],
  tls: ["http", "sql", "redis"],
  proxy: ["http"],
  blocked_address: ["http"],
  truncated: ["http"],
  dns: ["http", "sql", "redis"],
  connect: ["http", "sql", "redis"],
  reset: ["http", "sql", "redis"],
  protocol: ["http", "sql", "redis"],
  auth: ["http", "sql", "redis"],
  query: ["sql", "redis"],
  exit_code: ["exec"],
  signal: ["exec"],
  spawn: ["exec"],
  leaked: ["exec"],
  not_a_file: ["file"],
};

/** Warns of a retry that can never happen. */
export function checkRetries(config: Config, report: ReportProblem): void {
  const warn = (section: string, name: string, kind: KindName, conditions: readonly string[]) => {
    for (const condition of conditions) {
      const code = condition.split(":", 1)[0]!;
      const kinds = codesOfKinds[code];
      if (kinds === undefined || kinds.includes(kind)) continue;
      const message = `"${condition}" never happens to ${kind} tasks, so this retries nothing`;
      report([section, name, "retry", "on", condition], message, { severity: "warning" });
    }
  };
  for (const [name, { kind, retry }] of Object.entries(config.tasks)) {
    warn("tasks", name, kind, retry?.on ?? []);
  }
  for (const [name, { kind, retry }] of Object.entries(config.targets ?? {})) {
    if (kind !== null) warn("targets", name, kind, retry?.on ?? []);
  }
}
