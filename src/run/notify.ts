import { ExpressionError, type Vars } from "../model/expression.ts";
import { stringifyJson } from "../model/json.ts";
import type { NotifyPlan, Plan } from "../model/plan.ts";
import { planVars } from "../plan/given.ts";
import type { ReportHead } from "../report/report.ts";
import type { Ports } from "../runtime/ports.ts";
import { compiler } from "./input_context.ts";
import { pauseFor } from "./pause_for.ts";
import { postJson } from "./post_json.ts";

/** Tells others that a run starts and how it ended. Nothing that happens to a message fails the run. */
export interface Notifier {
  /** Does not wait. */
  started(secrets: ReadonlyMap<string, string>): void;
  /** Resolves when every message was delivered or given up, after some 25 s at the latest. The first call counts. */
  ended(ended: RunEnded): Promise<void>;
  /** Gives up what was not delivered yet. */
  giveUp(): void;
}

/** How a run ended. */
export interface RunEnded {
  readonly exitCode: number;
  /** Masked; null when nothing ran. */
  readonly head: ReportHead | null;
  /** Absolute; null when there is none. */
  readonly reportPath: string | null;
}

export interface NotifyOptions {
  readonly plan: Plan;
  readonly ports: Ports;
  /** Reads the secrets for a run that ended before it had any. */
  readSecrets(): Promise<ReadonlyMap<string, string>>;
  notice(message: string): void;
}

type Event = NotifyPlan["on"][number];

const tries = 3;
const betweenTriesMs = 1_000;

/** Messages go to every address of `run.notify` that asks for them, each tried three times. */
export function makeNotifier(options: NotifyOptions): Notifier {
  const { plan, ports, notice } = options;
  const underWay: Promise<void>[] = [];
  /** Said at the end, when nothing is drawn on the terminal any more. */
  const troubles: string[] = [];
  let secrets: ReadonlyMap<string, string> | null = null;
  let hasEnded = false;
  const patience = new AbortController();
  return {
    started(known) {
      secrets = known;
      tell("start", known, { exitCode: null, head: null, reportPath: null });
    },
    async ended(ended) {
      if (hasEnded) return;
      hasEnded = true;
      const event = ended.exitCode === 0 ? "success" : "failure";
      if (plan.run.notify.some(({ on }) => on.includes(event))) {
        // A start that comes after the end would be taken for the next one.
        await Promise.all(underWay);
        tell(event, secrets ?? await options.readSecrets(), ended);
      }
      await Promise.all(underWay);
      troubles.forEach(notice);
    },
    giveUp: () => patience.abort(),
  };

  function tell(event: Event, known: ReadonlyMap<string, string>, said: Said): void {
    const json = messageOf(event, plan, said, ports);
    for (const address of plan.run.notify) {
      if (address.on.includes(event)) underWay.push(send(address, event, known, json));
    }
  }

  async function send(
    address: NotifyPlan,
    event: Event,
    known: ReadonlyMap<string, string>,
    json: string,
  ): Promise<void> {
    const vars = { ...planVars(plan.params, plan), secrets: Object.fromEntries(known) };
    const url = addressFor(address, event, vars);
    if (typeof url === "string") return void troubles.push(`cannot notify of the ${event}: ${url}`);
    const { signal } = patience;
    let delivery = await postJson(url, json, ports, signal);
    for (let count = 1; count < tries && !delivery.delivered && !signal.aborted; count++) {
      // The end is better news than the start.
      if (event === "start" && hasEnded) break;
      await pauseFor(betweenTriesMs, ports.clock, signal);
      delivery = await postJson(url, json, ports, signal);
    }
    // The path of such an address is often what gives access to it.
    if (!delivery.delivered) troubles.push(`${url.origin} was not told of the ${event}: ${delivery.why}`);
  }
}

/** How a run ended, or that it has not. */
type Said = Omit<RunEnded, "exitCode"> & { readonly exitCode: number | null };

/** The rendered URL, or why there is none. */
function addressFor({ url: source, style }: NotifyPlan, event: Event, vars: Vars): URL | string {
  let text: string;
  try {
    text = compiler.template(source, { params: "dyn", secrets: "dyn", run: "dyn" }).renderText(vars);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.message;
  }
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return "its url is no http or https URL";
  if ((style ?? usualStyle(url)) === "webhook") return url;
  const ending = { start: "/start", success: "", failure: "/fail" }[event];
  url.pathname = url.pathname.replace(/\/$/, "") + ending;
  return url;
}

/** Healthchecks and its kin take a failure for a success when it goes to the plain address: their hosts are known by name. */
function usualStyle({ hostname }: URL): "webhook" | "healthchecks" {
  return /^(hc|hc-ping|healthchecks)\.|\.healthchecks\./.test(hostname) ? "healthchecks" : "webhook";
}

/** What is posted: `fanout.notify/1`. */
function messageOf(event: Event, plan: Plan, { exitCode, head, reportPath }: Said, { host }: Ports): string {
  const first = head?.failures.first ?? null;
  return stringifyJson({
    schema: "fanout.notify/1",
    event,
    run: {
      id: plan.runId,
      name: plan.name,
      host: host.hostname(),
      pid: host.pid,
      startedAt: plan.startedAt,
      finishedAt: head?.run.finishedAt ?? null,
      durationMs: head?.run.durationMs ?? null,
      status: head?.run.status ?? null,
      exitCode,
    },
    summary: head?.summary ?? null,
    // An item may be of any size; its key and the error say which one it was.
    failures: head === null ? null : {
      first: first === null ? null : { ...first, item: undefined },
      byCode: head.failures.byCode,
    },
    report: reportPath,
  });
}
