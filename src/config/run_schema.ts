import { timeLimit } from "./limits_schema.ts";
import { choice, count, duration, list, required, section, size, text, unitWord } from "../schema/words.ts";

const runEntries = {
  concurrency: count({ description: "Attempts in flight over all targets.", default: 256 }, { min: 1 }),
  timeout: timeLimit({
    description: "How long the whole process may take; past it everything is cancelled (exit 124).",
    examples: ["20m"],
  }),
  maxFailures: unitWord("tolerance", {
    anyOf: [{ type: "integer", minimum: 0 }, { type: "string", pattern: "^\\d+(\\.\\d+)?%$" }],
  }, {
    description:
      "How many failures are tolerated: a count, or a share of the known total. Without it nothing stops.",
    examples: [0, "5%"],
  }),
  onFailure: choice(["drain", "cancel"], {
    description: "Past `maxFailures`: `drain` starts nothing new, `cancel` also aborts what runs.",
    default: "drain",
  }),
  grace: duration({ description: "How long work in flight may finish on Ctrl-C.", default: "5s" }),
  lock: section({
    ifHeld: choice(["fail", "skip", "wait"], {
      description: "When another run of this config is not over yet: exit 4, exit 0, or wait for it.",
      default: "fail",
    }),
  }, "Two runs of this config never overlap."),
  jitter: duration({
    description: "A random wait of up to this long before the start; ignored on a terminal.",
    examples: ["90s"],
  }),
  notify: list(
    section({
      url: required(
        text({
          description: "Gets the summary as JSON, with POST.",
          examples: ["https://hc.example.com/abc"],
        }),
      ),
      on: list(choice(["start", "success", "failure"], "An event."), {
        description: "When to call.",
        default: ["success", "failure"],
      }, { min: 1 }),
      style: choice(["webhook", "healthchecks"], {
        description:
          "`webhook` posts the summary to the URL as it is; `healthchecks` adds `/start` or `/fail` to its path. " +
          "By default a host called hc, hc-ping or healthchecks gets the latter, any other the former.",
      }),
    }, "An address to call."),
    "Addresses to call when the run starts, succeeds or fails.",
  ),
  captureBudget: size({
    description: "Once a run has kept this much of its results' text, ok results keep none.",
    default: "1GiB",
  }),
  keepRuns: count({ description: "How many journals of this config are kept.", default: 10 }, { min: 1 }),
};

/** Settings of the run as a whole. */
export const run = section(runEntries, "The run as a whole.");

/** The keys of `run`. */
export const runKeys: readonly string[] = Object.keys(runEntries);

const reportPath = (description: string, example: string) =>
  text({ description: `${description} Relative to the config.`, examples: [example] }, {
    scope: "plan",
    secrets: false,
  });

/** Where the reports go. */
export const report = section({
  json: reportPath("The JSON report.", "reports/nightly.json"),
  html: reportPath("A page for people.", "reports/nightly.html"),
  junit: reportPath("JUnit XML, for CI.", "reports/nightly.xml"),
  prometheus: reportPath("Prometheus text, for node_exporter.", "/var/lib/node_exporter/fanout.prom"),
}, "Where the report goes, by format. Without `json`, it goes beside the journal.");
