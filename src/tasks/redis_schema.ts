import { list, required, settings, text } from "../schema/words.ts";
import type { Kind } from "./kind.ts";

const url = text({ description: "The server.", examples: ["redis://127.0.0.1:6379/0"] });

const schema = settings({
  command: required(list(text("The command, or one argument."), {
    description: "The command and its arguments.",
    examples: [["INCR", "sync:${{ params.day }}"]],
  }, { min: 1 })),
  url,
}, { description: "Sends a Redis command.", examples: [{ command: ["GET", "${{ item }}"] }] });

/** Redis commands, as far as they are known before anything runs. */
export const redisKind: Kind = {
  name: "redis",
  schema,
  targetSchema: settings({ url }, "A Redis server."),
  phases: ["connect"],
  resultFields: { value: "dyn" },
  textFields: [],
  check(spec, report, connection) {
    if ((spec.url ?? connection.url ?? null) !== null) return;
    report([], 'no server is named: write a "url" here, or name a target that has one');
  },
  defaultPool: (spec) => ({
    name: String(spec.url ?? "redis"),
    concurrency: 16,
    why: "default for Redis: 16 per URL",
    per: null,
  }),
  isHarmless: () => false,
  load: () => Promise.reject(new Error("redis tasks cannot be run yet")),
};
