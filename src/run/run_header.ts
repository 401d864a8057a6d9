import type { Survey } from "../inputs/survey.ts";
import { version } from "../model/version.ts";
import type { Plan } from "../model/plan.ts";
import type { Value, ValueMap } from "../model/json.ts";
import type { RunHeader } from "../model/run_record.ts";
import { planIdentity } from "../plan/plan_identity.ts";
import { maskValue } from "../report/mask_value.ts";
import type { SecretRedactor } from "../report/redactor.ts";
import { detectCpus } from "../runtime/cpus.ts";
import type { Host } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";

/** What the journal and the report say of a run before it begins. */
export function runHeader(
  plan: Plan,
  survey: Survey,
  host: Host,
  redactor: SecretRedactor,
  resumes: string | null,
): RunHeader {
  return {
    runId: plan.runId,
    name: plan.name,
    config: { path: resolvePath(host.cwd(), plan.config.path), sha256: plan.config.sha256 },
    params: maskValue(plan.params, redactor) as ValueMap,
    identity: planIdentity(plan) as unknown as Value,
    tool: `fanout ${version}`,
    host: host.hostname(),
    pid: host.pid,
    startedAt: plan.startedAt,
    cpus: detectCpus().count,
    resumes,
    tasks: plan.tasks.map((task) => ({
      name: task.name,
      kind: task.kind,
      target: plan.pools[task.pool]!.name,
      total: survey.tasks.get(task.name)?.count ?? null,
    })),
    targets: plan.pools.map((pool) => ({ name: pool.name, kind: pool.kind, limit: pool.concurrency.max })),
  };
}
