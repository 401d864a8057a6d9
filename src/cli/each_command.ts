import { stringifyJson, type Value, type ValueMap } from "../model/json.ts";
import type { Result } from "../model/result.ts";
import type { ForeachPlan, Plan } from "../model/plan.ts";
import type { Host } from "../runtime/ports.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { readPace } from "../schema/limits.ts";
import { type Read, readDuration } from "../schema/units.ts";
import { walkingOnce } from "../runtime/source_files.ts";
import { type CommandBody, type ParsedArguments, UsageError } from "./command.ts";
import { unlessQuiet } from "./held_output.ts";
import { type LoadedPlan, planText, wholeNumber } from "./load_plan.ts";
import { lastRunId } from "./run_directory.ts";
import { runLoaded } from "./run_command.ts";
import { watchSignals } from "./signal_watch.ts";

/** `fanout each [flags] http 'GET {}'`, `fanout each [flags] exec CMD ARG… {}`: a run without a config. */
export const eachCommand: CommandBody = async (args, machine) =>
  await unlessQuiet(args, { ...machine, sources: walkingOnce(machine.sources) }, async (ports) => {
    const signals = watchSignals(ports);
    const file = args.value("arg-file") ?? "-";
    const inputs = file === "-" ? null : await ports.sources.probe(resolvePath(ports.host.cwd(), file));
    if (inputs?.readable === false) throw new UsageError(`cannot read ${file}: ${inputs.why}`);
    warnOfShell(args.operands, ports.host);
    const contents = new TextEncoder().encode(stringifyJson(eachConfig(args)));
    const directory = ports.host.cwd();
    const loaded = await planText(
      { contents, file: "each", directory },
      args,
      ports,
      lastRunId("each", args, ports),
    );
    return loaded === null ? 2 : await runLoaded(
      args,
      ports,
      withNul(loaded, args),
      signals,
      {
        canResume: false,
        ...(args.has("stream") || args.operands[0] !== "exec" ? {} : { onResult: printOutput(ports.host) }),
      },
    );
  });

/** The config that these words stand for. `{}` is the input, in every argument or in the URL. */
function eachConfig(args: ParsedArguments): ValueMap {
  const [kind, ...words] = args.operands;
  if (kind !== "http" && kind !== "exec") {
    throw new UsageError(`fanout each takes http 'GET {}' or exec CMD ARG… {}, not "${kind}"`);
  }
  if (words.length === 0) {
    const example = kind === "http" ? "http 'GET {}'" : "exec gzip {}";
    throw new UsageError(`nothing to do with the inputs; for example: fanout each ${example}`);
  }
  const target: Record<string, string | number | ValueMap> = {};
  const limit = wholeNumber(args, "concurrency", 1);
  target.concurrency = limit ?? (kind === "exec" ? "cpus" : 16);
  const rate = checked("rate", args.value("rate"), readPace);
  if (rate !== undefined) target.rate = rate;
  const timeout = checked("timeout", args.value("timeout"), readDuration);
  if (timeout !== undefined) target.timeout = timeout;
  const attempts = wholeNumber(args, "attempts", 1);
  if (attempts !== null) target.retry = { attempts };
  const file = args.value("arg-file");
  const path = args.value("save");
  if (path !== undefined && !path.includes("{}")) {
    throw new UsageError(`--save ${path}: put {} into it, so that each input has a file of its own`);
  }
  return {
    version: 1,
    name: "each",
    targets: { each: target },
    tasks: {
      each: {
        target: "each",
        foreach: { lines: file === undefined || file === "-" ? "-" : literal(file) },
        capture: kind === "exec" ? "all" : "16KiB",
        ...(args.has("idempotent") ? { idempotent: true } : {}),
        ...(path === undefined ? {} : { save: template(path) }),
        [kind]: kind === "exec"
          ? { command: withInput(words).map(template), maxBytes: "64MiB" }
          : request(words),
      },
    },
  };
}

/** A flag's text, when it reads as it should. @throws UsageError that speaks of the flag, not of a config */
function checked(flag: string, text: string | undefined, read: (raw: unknown) => Read<unknown>) {
  const value = text === undefined ? undefined : read(text);
  if (value !== undefined && "wrong" in value) throw new UsageError(`--${flag}: ${value.wrong}`);
  return text;
}

/** As xargs and parallel do. */
function withInput(words: readonly string[]): readonly string[] {
  return words.some((word) => word.includes("{}")) ? words : [...words, "{}"];
}

/** Of one program's stdout: it is kept until the program ends. */
const maxOutputBytes = 64 * 1024 * 1024;

/** What a program printed, in one piece when it ends: two programs never mix. */
function printOutput({ stdout, stderr }: Host) {
  return ({ index, output }: Result): void => {
    if (Number(output?.stdoutBytes ?? 0) > maxOutputBytes) {
      stderr.write(
        `fanout: the program of input ${index} printed ${output!.stdoutBytes} bytes, more than 64MiB: ` +
          "its middle is cut; let it write a file\n",
      );
    }
    pass(stdout, output?.stdout, output?.stdoutBase64);
    pass(stderr, output?.stderr, output?.stderrBase64);
  };
}

function pass(stream: Pick<Host["stdout"], "write">, text?: Value, bytes?: Value): void {
  if (typeof text === "string") stream.write(text);
  else if (typeof bytes === "string") stream.write(Uint8Array.fromBase64(bytes));
}

/** In a text that a shell reads `{}` would be part of the program: data could run anything. */
function warnOfShell([kind, ...words]: readonly string[], { stderr }: Host): void {
  const flag = words.findIndex((word) => /^-[a-z]*c$/.test(word));
  const isShell = /^(.*\/)?(sh|bash|dash|zsh|ksh|fish)$/.test(words[0] ?? "");
  if (kind !== "exec" || !isShell || flag < 0 || !words[flag + 1]?.includes("{}")) return;
  stderr.write(
    `fanout: {} inside the text of ${words[0]} -c is read as shell, whatever the input holds; ` +
      `write ${words[0]} -c '… "$1" …' _ {}\n`,
  );
}

/** `GET {}`, `{}`, or method and URL as two words. */
function request(words: readonly string[]): ValueMap {
  const match = /^(?:([A-Za-z]+)\s+)?(\S+)$/.exec(words.join(" ").trim());
  if (match === null) {
    const flag = words.find((word) => word.startsWith("-"));
    const order = flag === undefined ? "" : `; flags such as ${flag} come before http`;
    throw new UsageError(
      `fanout each http takes a method and a URL, such as 'GET {}', not "${words.join(" ")}"${order}`,
    );
  }
  const [, method = "GET", url = ""] = match;
  return { method: method.toUpperCase(), url: template(url) };
}

/** `{}` becomes the input; what looks like an expression is the user's own text. */
function template(word: string): string {
  return literal(word).replaceAll("{}", () => "${{ item }}");
}

function literal(word: string): string {
  return word.replaceAll("${{", () => "$${{");
}

/** `-0`: inputs end with a NUL, which a config cannot say. */
function withNul({ plan, source }: LoadedPlan, args: ParsedArguments): LoadedPlan {
  const nul = args.has("null");
  const tasks = plan.tasks.map((task) => ({
    ...task,
    foreach: nul ? { ...task.foreach, nul: true } as ForeachPlan : task.foreach,
  }));
  return { plan: { ...plan, tasks } satisfies Plan, source };
}
