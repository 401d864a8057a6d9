/**
 * The command line: finds the command, parses its flags, prints usage errors. Each command is a file of its own that
 * wires the other folders together; no command knows another.
 */
import { nearest } from "../model/near.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import type { Ports } from "../runtime/ports.ts";
import { type Command, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { commandHelp, programHelp, topicNames } from "./help.ts";
import { parseArguments } from "./parse_arguments.ts";

/** Runs one command line. @returns the exit code. */
export async function cli(ports: Ports): Promise<number> {
  const { host } = ports;
  try {
    const exitCode = await dispatch(host.arguments, ports);
    const { trouble } = host.stdout;
    if (trouble === undefined || [2, 5, 4].includes(exitCode)) return exitCode;
    host.stderr.write(`fanout: cannot write to stdout: ${describeSystemError(trouble)}\n`);
    return 3;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`fanout: ${error.message}\n`);
    return 2;
  }
}

async function dispatch(argv: readonly string[], ports: Ports): Promise<number> {
  const { host } = ports;
  const [name, ...rest] = argv;
  if (name === undefined) {
    host.stderr.write(programHelp(commands));
    return 2;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const topic = rest.find((word) => word !== "--help" && word !== "-h");
    host.stdout.write(topic === undefined ? programHelp(commands) : await helpOn(topic));
    return 0;
  }
  const command = findCommand(name);
  const args = parseArguments(command, rest);
  if (args.has("help")) {
    host.stdout.write(commandHelp(command));
    return 0;
  }
  const body = await command.load();
  return await body(args, ports);
}

/** The page of a topic, or of a command. @throws UsageError */
async function helpOn(name: string): Promise<string> {
  const { topics } = await import("./topics.ts");
  const topic = topics.find((known) => known.name === name);
  if (topic !== undefined) return topic.text;
  return commandHelp(findCommand(name, topicNames));
}

function findCommand(name: string, topics: readonly string[] = []): Command {
  const command = commands.find((known) => known.name === name);
  if (command !== undefined) return command;
  if (name.startsWith("-")) {
    throw new UsageError(`a command comes first, then its flags: fanout run FILE ${name}`);
  }
  if (/\.ya?ml$/.test(name)) {
    throw new UsageError(`what shall be done with ${name}? To run it: fanout run ${name}`);
  }
  const meant = nearest(name, [...commands.map((known) => known.name), ...topics]);
  const instead = meant === undefined ? "see: fanout --help" : `did you mean "${meant}"?`;
  throw new UsageError(
    topics.length === 0
      ? `there is no command "${name}"; ${instead}`
      : `there is no command or topic "${name}"; ${instead}\nTopics: ${topics.join(", ")}`,
  );
}
