import { errorCodes } from "../model/outcome.ts";
import type { CapturePlan } from "../model/plan.ts";
import {
  choice,
  complain,
  count,
  type Doc,
  duration,
  expression,
  fixedText,
  flag,
  isMap,
  isTemplated,
  list,
  mapped,
  nameOf,
  pacePattern,
  type Parsed,
  required,
  section,
  settings,
  shapes,
  share,
  shortForm,
  size,
  type Templated,
  unitWord,
  type Word,
} from "../schema/words.ts";
import { hint, nearest } from "../model/near.ts";
import { writtenDuration } from "../model/written.ts";

/** `8`, `cpus`, `auto`, `{ min, max }` → a number, `cpus` or bounds. */
export const concurrency = shapes(
  [
    unitWord("concurrency", { anyOf: [{ type: "integer", minimum: 1 }, { enum: ["cpus", "auto"] }] }, {
      description: "How many attempts may run at a time. `auto` is `{ min: 1, max: 64 }`.",
      examples: [16, "cpus", "auto"],
    }),
    mapped(
      section({
        min: required(count("Never fewer than this.", { min: 1 })),
        max: required(count("Never more than this.", { min: 1 })),
      }, "Bounds of an adaptive limit, which grows while the target keeps up."),
      (bounds, place) => {
        const { min, max } = bounds;
        if (isTemplated(min) || isTemplated(max) || min <= max) return bounds;
        place.reading.report(place.path, `min is ${min}, which is more than max, ${max}`);
      },
    ),
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "How many attempts may run at a time: a number, `cpus`, or bounds of an adaptive limit.",
    examples: [16, "cpus", { min: 2, max: 16 }],
  },
);

/** A rate as it is kept: replaced as a whole when settings are merged. */
export interface RateSetting {
  readonly pace: { readonly limit: number; readonly perMs: number } | Templated<"rate">;
  /** How many may start at once after a pause; 1 is perfectly smooth. */
  readonly burst: number | Templated<"count">;
}

const pace = unitWord("rate", { type: "string", pattern: pacePattern }, {
  description: "Attempts per time, evenly spread.",
  examples: ["100/s", "600/1m"],
});

/** `100/s` → `{ pace, burst: 1 }`. */
export const rate = shapes(
  [
    shortForm(mapped(pace, (pace): RateSetting => ({ pace, burst: 1 })), "{ limit: 100/s, burst: 10 }"),
    mapped(
      section({
        limit: required(pace),
        burst: count({ description: "How many may start at once after a pause.", default: 1 }, { min: 1 }),
      }, "A rate and its burst."),
      ({ limit, burst }): RateSetting => ({ pace: limit, burst: burst ?? 1 }),
    ),
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "How many attempts may start per time, retries included.",
    examples: ["100/s", "600/1m", { limit: "100/s", burst: 10 }],
  },
);

/** How long something may take: more than nothing. */
export function timeLimit(doc: Doc): Word<number | Templated<"duration">> {
  return mapped(
    duration(doc),
    (limit, place) =>
      limit === 0
        ? complain(place, "0s leaves no time at all: for no timeout leave it out, or write null")
        : limit,
  );
}

/** `10s` → `{ attempt: 10_000 }`. Milliseconds. */
export const timeout = shapes(
  [
    shortForm(
      mapped(
        timeLimit({ description: "One attempt, from its slot to the last byte or exit.", examples: ["10s"] }),
        (attempt): TimeoutSetting => ({ attempt }),
      ),
      "{ attempt: 10s, total: 1m }",
    ),
    settings({
      attempt: timeLimit({
        description: "One attempt, from its slot to the last byte or exit.",
        default: "30s",
      }),
      connect: timeLimit({ description: "Until the connection stands.", default: "10s" }),
      firstByte: timeLimit("From the request to the first byte of the answer."),
      idle: timeLimit("Between two bytes of the answer."),
      total: timeLimit("One task run from its first attempt, waits for retries included."),
    }, "Each phase by itself."),
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "How long things may take. One duration is that of one attempt.",
    examples: ["10s", { attempt: "10s", total: "1m" }],
  },
);

/** Milliseconds; null goes back to the built-in value. */
export interface TimeoutSetting {
  readonly attempt?: number | Templated<"duration"> | null;
  readonly connect?: number | Templated<"duration"> | null;
  readonly firstByte?: number | Templated<"duration"> | null;
  readonly idle?: number | Templated<"duration"> | null;
  readonly total?: number | Templated<"duration"> | null;
}

const attemptCount = count({ description: "Tries in all; 1 is no retry.", default: 3, examples: [5] }, {
  min: 1,
});

const attempts: typeof attemptCount = {
  ...attemptCount,
  read(raw, place) {
    if (raw !== 0 && raw !== false) return attemptCount.read(raw, place);
    return complain(place, `attempts count the first try too: write 1 for no retry, not ${raw}`);
  },
};

const backoff = mapped(
  settings({
    initial: duration({ description: "The first wait; doubled each time.", default: "200ms" }),
    max: duration({ description: "The longest wait.", default: "20s" }),
    jitter: choice(["full", "none"], {
      description: "`full` waits a random part of it, `none` the whole of it.",
      default: "full",
    }),
  }, "How long to wait between attempts."),
  (given, place) => {
    const { initial, max } = given;
    if (typeof initial === "number" && typeof max === "number" && initial > max) {
      const message = `initial is ${writtenDuration(initial)}, which is more than max, ${
        writtenDuration(max)
      }`;
      return complain(place, message);
    }
    return given;
  },
);

const retryOn: Word<string> = {
  ...mapped(fixedText(""), (condition, place) => {
    const wrong = wrongInRetryOn(condition);
    return wrong === undefined ? condition : complain(place, wrong);
  }),
  json: () => ({
    anyOf: [{ enum: errorCodes }, {
      type: "string",
      pattern: "^(http_status:[1-5]\\d\\d|exit_code:\\d{1,3})$",
    }],
    description: "An error code, with a status or an exit code where it has one.",
    examples: ["http_status:409", "exit_code:255", "timeout", "expect"],
  }),
};

/** `3` → `{ attempts: 3 }`. */
export const retry = shapes(
  [
    shortForm(
      mapped(attempts, (attempts): RetrySetting => ({ attempts })),
      "{ attempts: 3, backoff: { initial: 200ms } }",
    ),
    settings({
      attempts,
      backoff,
      on: list(retryOn, {
        description: "What is retried besides what is retried by default.",
        examples: [["http_status:409", "timeout"]],
      }),
      until: expression({
        description: "Polls: repeats a good answer until this condition holds. Needs a total timeout.",
        examples: ["json.state == 'done'"],
      }, { scope: "result", secrets: false, gives: "bool" }),
    }, "How failed attempts are repeated."),
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "How often a failed attempt is repeated. A number is the tries in all.",
    examples: [3, { attempts: 4, backoff: { initial: "200ms", max: "20s" } }],
  },
);

/** Durations in milliseconds; null goes back to the built-in value. */
export interface RetrySetting {
  readonly attempts?: number | Templated<"count"> | null;
  readonly backoff?:
    | {
      readonly initial?: number | Templated<"duration"> | null;
      readonly max?: number | Templated<"duration"> | null;
      readonly jitter?: "full" | "none" | null;
    }
    | null;
  readonly on?: readonly string[] | null;
  readonly until?: string | null;
}

const breakerSettings = settings({
  failureRate: share({ description: "Opens at this share of unhealthy attempts.", default: "50%" }),
  window: duration({ description: "Over how long the share is taken.", default: "30s" }),
  minCalls: count({ description: "Never opens before this many attempts in the window.", default: 20 }, {
    min: 1,
  }),
  openFor: duration({ description: "How long the pool rests before a probe.", default: "5s" }),
  giveUpAfter: duration({
    description: "After this long without a good probe, what is left is skipped as `circuit_open`.",
    default: "5m",
  }),
}, "When to pause a target that fails.");

/** `true` → `{}`: all built-in. `false` switches off what `defaults` switched on. */
export const breaker = shapes(
  [
    mapped(
      flag("Pauses the target while it fails; `true` takes the built-in settings."),
      (on) => on === true ? {} as Parsed<typeof breakerSettings> : on,
    ),
    breakerSettings,
  ],
  (raw) => isMap(raw) ? 1 : 0,
  {
    description: "Pauses the target while it fails.",
    examples: [true, { failureRate: "50%", openFor: "5s" }],
  },
);

const captureWords = choice(
  ["failed", "all", "none"],
  "`failed`: of failed runs only; `all`: everything; `none`: nothing.",
);

const captureMode: typeof captureWords = {
  ...captureWords,
  read(raw, place) {
    if (raw === "failed" || raw === "all" || raw === "none") return raw;
    if (typeof raw === "string" && nearest(raw, ["failed", "all", "none"])) {
      return captureWords.read(raw, place);
    }
    return complain(
      place,
      `${nameOf(raw)} cannot stand here: expected a size such as 16KiB, failed, all or none`,
    );
  },
};

/** `16KiB`, `failed`, `all`, `none`. */
export const capture = shapes(
  [
    mapped(captureMode, (mode): CapturePlan => ({ mode })),
    mapped(
      size({ description: "At most this much of each text: its first and last half.", default: "16KiB" }),
      (bytes): CaptureSetting => ({ mode: "size", bytes }),
    ),
  ],
  (raw) => typeof raw === "boolean" || (typeof raw === "string" && /^[a-z]+$/i.test(raw)) ? 0 : 1,
  {
    description: "What of a result's text the report keeps: a size, `failed`, `all` or `none`.",
    default: "16KiB",
    examples: ["64KiB", "failed"],
  },
);

/** As in the plan, with a size that may wait for it. */
export type CaptureSetting =
  | CapturePlan
  | { readonly mode: "size"; readonly bytes: number | Templated<"size"> };

/** What is wrong with an element of `retry.on`; undefined when it is one. */
function wrongInRetryOn(condition: string): string | undefined {
  const [code = "", argument] = condition.split(/:([\s\S]*)/, 2);
  if (/^[1-5]\d\d$/.test(condition)) return `"${condition}" is no error code: write http_status:${condition}`;
  if (/^[1-5]xx$/i.test(condition)) {
    const statuses = `http_status:${condition[0]}00, http_status:${condition[0]}01, …`;
    return `"${condition}" is no error code: write each status, ${statuses}`;
  }
  if (!(errorCodes as readonly string[]).includes(code)) {
    return `"${code}" is no error code${hint(code, errorCodes, "codes")}`;
  }
  if (argument === undefined) return undefined;
  if (code === "http_status") {
    return /^[1-5]\d\d$/.test(argument)
      ? undefined
      : `expected a status such as http_status:409, got "${condition}"`;
  }
  if (code === "exit_code") {
    const isCode = /^\d{1,3}$/.test(argument) && Number(argument) <= 255;
    return isCode ? undefined : `expected an exit code such as exit_code:255, got "${condition}"`;
  }
  return `"${code}" stands alone: only http_status and exit_code take a number after a colon`;
}
