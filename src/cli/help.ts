import { helpFlag } from "./parse_arguments.ts";
import type { Command, Flag } from "./command.ts";

/** What `fanout help TOPIC` knows. The pages are loaded when one is asked for. */
export const topicNames: readonly string[] = [
  "concurrency",
  "cron",
  "exit-codes",
  "expressions",
  "inputs",
  "outputs",
  "reports",
  "resume",
  "retries",
  "secrets",
  "timeouts",
];

/** `fanout --help`. */
export function programHelp(commands: readonly Command[]): string {
  const rows = commands.map((command) =>
    [`${command.name} ${command.operands}`.trim(), command.summary] as const
  );
  return `fanout runs slow calls over many inputs, a few at a time, and reports exactly what happened.

Usage: fanout COMMAND [flags]

Commands:
${table(rows)}

  fanout init              writes a starter config; then: fanout run fanout.yaml
  fanout COMMAND --help    says more about one command
  fanout help TOPIC        explains: ${topicNames.slice(0, 5).join(", ")},
                           ${topicNames.slice(5).join(", ")}
  fanout --version         prints the version

Exit codes: 0 all ok, 1 something failed, 2 config or usage error (nothing ran), 3 journal or report not
written, 4 another run holds the lock, 5 journal corrupt, 124 run.timeout passed, 130/143/129 stopped by
a signal.
`;
}

/** `fanout COMMAND --help`. */
export function commandHelp(command: Command): string {
  const flags = [...command.flags, helpFlag];
  const rows = flags.map((flag) => [spelled(flag), describe(flag)] as const);
  const details = command.details === undefined ? "" : `\n${wrap(command.details, 100, "")}\n`;
  const examples = command.examples.map((line) => `  ${line}`).join("\n");
  const parts = command.stopsAtOperand ? ["[flags]", command.operands] : [command.operands, "[flags]"];
  return `Usage: fanout ${command.name} ${parts.filter((part) => part !== "").join(" ")}

${command.summary}.
${details}
Flags:
${table(rows)}

Examples:
${examples}
`;
}

function spelled(flag: Flag): string {
  const value = flag.value === undefined ? "" : flag.optionalValue ? `[=${flag.value}]` : ` ${flag.value}`;
  return `${flag.short === undefined ? "    " : `-${flag.short}, `}--${flag.name}${value}`;
}

function describe(flag: Flag): string {
  return flag.choices === undefined
    ? flag.description
    : `${flag.description} One of ${flag.choices.join(", ")}.`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(30, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => {
    const indent = " ".repeat(width + 4);
    const text = wrap(right, 100 - width - 4, indent);
    return left.length > width ? `  ${left}\n${indent}${text}` : `  ${left.padEnd(width)}  ${text}`;
  }).join("\n");
}

function wrap(text: string, width: number, indent: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${indent}`);
}
