import { isValueMap, type Value, type ValueMap } from "../model/json.ts";
import type { PoolPlan } from "../model/plan.ts";
import type { Redactor } from "../model/redactor.ts";
import { UnusableError } from "../model/unusable_error.ts";
import type { HttpClient, HttpTls } from "../runtime/http_port.ts";
import { TokenSource } from "./http_oauth2.ts";
import { Origins } from "./http_origin.ts";
import { compileRequest, type RequestTemplate } from "./http_request.ts";
import { literalHosts, type Network, Routes } from "./http_routes.ts";
import { statusSet } from "./http_status.ts";
import type { TaskContext } from "./kind.ts";
import type { TokenSettings } from "./oauth2_token.ts";

/** A task of the plan, compiled: everything that is the same for all of its attempts. */
export interface HttpTask {
  readonly requests: RequestTemplate;
  /** Where the requests' tokens come from; null when they sign in otherwise, or not at all. */
  readonly tokens: TokenSource | null;
  readonly client: HttpClient;
  readonly routes: Routes;
  readonly redactor: Redactor;
  /** An attempt whose fate is unknown may be repeated. */
  readonly harmless: boolean;
  readonly maxBytes: number;
  /** Whether redirects are followed, and how many. */
  readonly redirects: boolean;
  readonly maxRedirects: number;
  isOk(status: number): boolean;
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since 1970. */
  wallTime(): number;
}

/** A larger answer fails with `too_large`. */
const defaultMaxBytes = 10_000_000;
const defaultMaxRedirects = 10;
/** Status line and headers of one answer: more than any server that means well sends. */
const maxHeaderBytes = 65_536;

/** Compiles a task and opens its client. Rejects, saying what to change, when the target's texts or files cannot be used. */
export async function openHttpTask(context: TaskContext): Promise<HttpTask> {
  const { task, pool, ports, directory, template } = context;
  const { spec } = task;
  const renderTarget = (source: string) => String(context.renderTarget(source));
  const base = readBase(pool.spec.baseUrl, pool.name, renderTarget);
  const tokens = tokensFor(context, renderTarget);
  const requests = compileRequest({
    spec,
    tokens,
    target: pool.spec,
    base,
    origins: new Origins(),
    template,
    renderTarget,
    random: () => ports.random(),
  });
  const { connectMs, firstByteMs, idleMs } = task.timeouts;
  const client = await ports.http.open({
    directory,
    tls: tlsOf(spec.tls, renderTarget),
    connectMs,
    firstByteMs,
    idleMs,
    maxHeaderBytes,
  });
  return {
    requests,
    tokens,
    client,
    routes: new Routes({
      network: (spec.network ?? "default") as Network,
      literalHosts: literalHosts(
        [spec.url, pool.spec.baseUrl, oauth2Of(context)?.tokenUrl].map((url) => String(url ?? "")),
      ),
      proxy: typeof spec.proxy === "string" ? renderTarget(spec.proxy) : null,
      environment: ports.host.environment,
    }),
    redactor: context.redactor,
    harmless: task.harmless,
    maxBytes: Number(spec.maxBytes ?? defaultMaxBytes),
    redirects: spec.redirects !== false,
    maxRedirects: Number(spec.maxRedirects ?? defaultMaxRedirects),
    isOk: statusSet((spec.okStatus ?? ["200-399"]) as readonly (number | string)[]),
    now: () => ports.clock.now(),
    wallTime: () => ports.clock.wallTime(),
  };
}

function readBase(source: Value | undefined, target: string, render: (source: string) => string): URL | null {
  if (typeof source !== "string") return null;
  const text = render(source);
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new UnusableError(
    `Cannot use the baseUrl of target "${target}": ${JSON.stringify(text)} is no http or https URL`,
  );
}

/** Tokens are shared by the tasks of a target that sign in as the same client. */
const sources = new WeakMap<PoolPlan, Map<string, TokenSource>>();

function tokensFor(context: TaskContext, render: (source: string) => string): TokenSource | null {
  const oauth2 = oauth2Of(context);
  if (oauth2 === null) return null;
  const text = (name: string) => typeof oauth2[name] === "string" ? render(oauth2[name]) : null;
  const settings: TokenSettings = {
    tokenUrl: text("tokenUrl")!,
    clientId: text("clientId")!,
    clientSecret: text("clientSecret")!,
    scope: text("scope"),
    audience: text("audience"),
  };
  const ofPool = sources.get(context.pool) ?? new Map<string, TokenSource>();
  sources.set(context.pool, ofPool);
  const key = JSON.stringify(settings);
  const source = ofPool.get(key) ?? new TokenSource(settings, context);
  ofPool.set(key, source);
  return source;
}

/** The task's sign-in, else its target's. */
function oauth2Of({ task, pool }: TaskContext): ValueMap | null {
  const auth = isValueMap(task.spec.auth) ? task.spec.auth : pool.spec.auth;
  return isValueMap(auth) && isValueMap(auth.oauth2) ? auth.oauth2 : null;
}

/** Connections are shared by all inputs of a task, so that what they need is rendered for the run as a whole. */
function tlsOf(tls: Value | undefined, render: (source: string) => string): HttpTls {
  const given = isValueMap(tls) ? tls : {};
  const text = (value: Value | undefined) => typeof value === "string" ? render(value) : null;
  return {
    ca: text(given.ca),
    cert: text(given.cert),
    key: text(given.key),
    insecure: given.insecure === true,
    serverName: text(given.serverName),
  };
}
