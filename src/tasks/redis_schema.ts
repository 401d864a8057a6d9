import type { ReportProblem } from "../model/diagnostic.ts";
import type { ValueMap } from "../model/json.ts";
import { complain, list, mapped, type Place, required, settings, size, text } from "../schema/words.ts";
import type { Kind } from "./kind.ts";
import { isReader, whyNoTask } from "./redis_commands.ts";
import { perPlace } from "./server_url.ts";
import { readRedisUrl } from "./redis_url.ts";
import { tlsSettings } from "./tls_schema.ts";

/** Bytes of one reply, unless the config says otherwise. */
export const builtInMaxBytes = 10_000_000;

/** What may stand under a target and under a task, the task's winning. */
const shared = {
  url: mapped(
    text({
      description: "The server: `redis://`, `rediss://` for TLS, `unix://` for a socket.",
      examples: ["redis://127.0.0.1:6379/0", "${{ secrets.redis }}"],
    }),
    readUrl,
  ),
  maxBytes: size({ description: "A larger reply fails the attempt with `too_large`.", default: "10MB" }),
  tls: tlsSettings,
};

const schema = settings({
  command: required(list(text("The command, or one argument: sent as it is, blanks and all."), {
    description: "The command and its arguments.",
    examples: [["INCR", "sync:${{ params.day }}"]],
  }, { min: 1 })),
  ...shared,
}, { description: "Sends a Redis command.", examples: [{ command: ["GET", "${{ item }}"] }] });

/** Redis commands, as far as they are known before anything runs. */
export const redisKind: Kind = {
  name: "redis",
  limits: { maxBytes: builtInMaxBytes },
  schema,
  targetSchema: settings(shared, "A Redis server."),
  phases: ["connect"],
  resultFields: { value: "dyn" },
  textFields: [],
  check: checkRedis,
  describe: (spec) => `sends ${Array.isArray(spec.command) ? spec.command.join(" ") : ""}`,
  defaultPool: (spec) => ({
    name: String(spec.url ?? "redis"),
    concurrency: 16,
    why: "default for Redis: 16 per URL",
    per: perPlace(spec.url),
  }),
  isHarmless: (spec) => isReader(wordsOf(spec)),
  load: async () => (await import("./redis.ts")).openRedisTask,
};

function checkRedis(spec: ValueMap, report: ReportProblem, connection: ValueMap): void {
  const url = spec.url ?? connection.url;
  if (url === undefined || url === null) {
    report([], 'no server is named: write a "url" here, or name a target that has one');
  }
  const words = wordsOf(spec);
  const wrong = whyNoTask(words);
  if (wrong !== undefined) report(["command"], wrong);
  if (words.length === 1 && /\s/.test(words[0]!)) {
    const written = JSON.stringify(words[0]!.trim().split(/\s+/));
    report(
      ["command", 0],
      `there is no command with a blank in its name: write its words one by one, ${written}`,
    );
  }
}

/** Texts with an expression in them are no command's name. */
function wordsOf({ command }: ValueMap): readonly string[] {
  return Array.isArray(command)
    ? command.map((word) => String(word).includes("${{") ? "" : String(word))
    : [];
}

/** What holds an expression is read when its value is known. */
function readUrl(url: string, place: Place): string {
  const found = url.includes("${{")
    ? {}
    : readRedisUrl(url, { directory: "/", tls: undefined, connectMs: null });
  if ("wrong" in found) complain(place, `this is no Redis server: ${found.wrong}`);
  return url;
}
