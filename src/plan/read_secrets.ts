import type { ReportProblem } from "../model/diagnostic.ts";
import type { Plan, SecretSource } from "../model/plan.ts";
import type { SourceFiles } from "../runtime/ports.ts";
import { type CommandPorts, type Printed, runSecretCommand } from "./secret_command.ts";

/** What secrets are read through. */
export interface SecretPorts extends CommandPorts {
  readonly sources: Pick<SourceFiles, "probe" | "open">;
}

/** Shorter ones are refused: masking every `abc` would tear the report apart and hide nothing. */
const fewestCharacters = 6;
/** More is no secret but a mistake. */
const mostBytes = 64 * 1024;

/**
 * Reads every secret of a plan at once, before anything runs; one trailing newline is cut. Those that are missing, empty, too short
 * or no text are reported, and left out. No message ever holds a value.
 *
 * @throws the signal's reason when it ends the commands that print them
 */
export async function readSecrets(
  plan: Pick<Plan, "secrets" | "config">,
  ports: SecretPorts,
  report: ReportProblem,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const reading = Object.entries(plan.secrets).map(async ([name, source]) => ({
    name,
    source,
    found: await readSecret(source, plan, ports, signal),
  }));
  const all = await Promise.all(reading);
  signal?.throwIfAborted();
  const values = new Map<string, string>();
  for (const { name, source, found } of all) {
    const wrong = "wrong" in found ? found.wrong : wrongWith(found.text);
    if (wrong === undefined && "text" in found) values.set(name, withoutNewline(found.text));
    else report(["secrets", name], `secret ${name}: ${whereOf(source)} ${wrong}`);
  }
  return values;
}

/** Secrets that are not there to be read, each with why. Nothing is read for it, and no command runs. */
export async function missingSecrets(
  { secrets }: Pick<Plan, "secrets">,
  { host, sources }: Pick<SecretPorts, "host" | "sources">,
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  for (const [name, source] of Object.entries(secrets)) {
    if ("env" in source && host.environment[source.env] === undefined) missing.set(name, "not set");
    if (!("file" in source)) continue;
    const facts = await sources.probe(source.file);
    if (!facts.readable) missing.set(name, facts.why);
  }
  return missing;
}

function readSecret(
  source: SecretSource,
  plan: Pick<Plan, "config">,
  ports: SecretPorts,
  signal: AbortSignal | undefined,
): Promise<Printed> | Printed {
  if ("command" in source) return runSecretCommand(source.command, plan, ports, mostBytes, signal);
  if ("file" in source) return readFile(source.file, ports.sources);
  const text = ports.host.environment[source.env];
  return text === undefined ? { wrong: "is not set: export it, or change the config" } : { text };
}

async function readFile(path: string, sources: SecretPorts["sources"]): Promise<Printed> {
  const facts = await sources.probe(path);
  if (!facts.readable) return { wrong: `cannot be read: ${facts.why}` };
  if (facts.bytes > mostBytes) {
    return { wrong: `has ${facts.bytes} bytes: a secret has at most ${mostBytes}` };
  }
  const reader = sources.open(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > mostBytes) {
        return { wrong: `is still growing: a secret has at most ${mostBytes} bytes` };
      }
    }
    return { text: text + decoder.decode() };
  } catch (error) {
    // A decoder says no more than that it failed; what a file system says has no part of the content in it.
    const why = error instanceof TypeError ? "it is no UTF-8 text" : (error as Error).message;
    return { wrong: `cannot be read: ${why}` };
  } finally {
    reader.close();
  }
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function wrongWith(text: string): string | undefined {
  const count = [...withoutNewline(text)].length;
  if (count === 0) return "gives an empty text";
  if (count >= fewestCharacters) return undefined;
  const characters = count === 1 ? "1 character" : `${count} characters`;
  return `has ${characters}: a secret has at least ${fewestCharacters}, or it could not be masked`;
}

function whereOf(source: SecretSource): string {
  if ("env" in source) return `the environment variable ${source.env}`;
  return "file" in source ? `the file ${source.file}` : `the command ${source.command[0]}`;
}
