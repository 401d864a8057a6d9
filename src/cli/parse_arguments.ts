import { nearest } from "../model/near.ts";
import { type Command, type Flag, type ParsedArguments, UsageError } from "./command.ts";

/** Every command has it; operands are not counted where it is given. */
export const helpFlag: Flag = { name: "help", short: "h", description: "Print this." };

/**
 * Reads the arguments behind a command's name: `--flag value`, `--flag=value`, `-c 4`, `-c4`, `-qv`; `--` ends the flags.
 *
 * @throws UsageError that says what was meant.
 */
export function parseArguments(command: Command, argv: readonly string[]): ParsedArguments {
  const flags = [...command.flags, helpFlag];
  const given = new Map<string, (string | undefined)[]>();
  const operands: string[] = [];
  /** Flags without their optional value, each with the word behind it. */
  const bare: { readonly flag: Flag; readonly next: string | undefined }[] = [];
  let position = 0;

  const remember = (flag: Flag, value: string | undefined) => {
    if (value !== undefined && flag.choices && !flag.choices.includes(value)) {
      throw new UsageError(
        `--${flag.name} takes ${flag.choices.join(", ")}, not "${value}"${question(value, flag.choices)}`,
      );
    }
    // An empty variable of a script: as a path it would be the directory itself.
    if (value === "") {
      throw new UsageError(`--${flag.name} was given an empty value: give it one, or leave the flag out`);
    }
    const values = given.get(flag.name) ?? [];
    if (values.length > 0 && flag.value !== undefined && !flag.repeatable) {
      throw new UsageError(`--${flag.name} was given twice; give it once`);
    }
    given.set(flag.name, [...values, value]);
  };

  /** A flag's value: attached, or the next word. */
  const valueFor = (flag: Flag, attached: string | undefined, spelled: string): string | undefined => {
    if (flag.value === undefined) {
      if (attached !== undefined) throw new UsageError(`${spelled} takes no value, got "${attached}"`);
      return undefined;
    }
    if (attached !== undefined) return attached;
    if (flag.optionalValue) {
      bare.push({ flag, next: argv[position + 1] });
      return undefined;
    }
    const next = argv[++position];
    if (next === undefined) throw new UsageError(`${spelled} needs a value: ${spelled} ${flag.value}`);
    return next;
  };

  const readLong = (word: string) => {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const flag = flags.find((known) => known.name === name);
    if (flag === undefined) throw unknownFlag(command, `--${name}`, name);
    remember(flag, valueFor(flag, equals < 0 ? undefined : word.slice(equals + 1), `--${name}`));
  };

  const readShort = (word: string) => {
    for (let at = 1; at < word.length; at++) {
      const flag = flags.find((known) => known.short === word[at]);
      if (flag === undefined) throw unknownFlag(command, `-${word[at]}`, word.slice(1));
      const rest = word.slice(at + 1).replace(/^=/, "");
      const takesRest = flag.value !== undefined && rest !== "";
      remember(flag, valueFor(flag, takesRest ? rest : undefined, `-${word[at]}`));
      if (takesRest) return;
    }
  };

  for (; position < argv.length; position++) {
    const word = argv[position]!;
    if (word === "--") {
      operands.push(...argv.slice(position + 1));
      break;
    }
    if (word.startsWith("--")) readLong(word);
    else if (word.length > 1 && word.startsWith("-")) readShort(word);
    else if (command.stopsAtOperand) {
      operands.push(...argv.slice(position));
      break;
    } else operands.push(word);
  }

  if (!given.has(helpFlag.name)) {
    checkOperands(command, operands, (word) => bare.find(({ next }) => next === word)?.flag);
  }
  return {
    operands,
    has: (flag) => given.has(flag),
    value: (flag) => given.get(flag)?.at(-1),
    values: (flag) => (given.get(flag) ?? []).filter((value) => value !== undefined),
  };
}

function question(given: string, known: readonly string[]): string {
  const meant = nearest(given, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function unknownFlag(command: Command, spelled: string, name: string): UsageError {
  const words = [name, spelled.replace(/^-+/, "")];
  const known = command.flags.find(({ elsewhere = [] }) => words.some((word) => elsewhere.includes(word)));
  const meant = known?.name ?? nearest(name, command.flags.map((flag) => flag.name));
  const advice = meant === undefined ? `see: fanout ${command.name} --help` : `did you mean --${meant}?`;
  return new UsageError(`fanout ${command.name} has no flag ${spelled}; ${advice}`);
}

/** `flagBefore`: a flag whose value the word may have been meant to be. */
function checkOperands(
  command: Command,
  operands: readonly string[],
  flagBefore: (word: string) => Flag | undefined,
): void {
  const { min, max } = command.operandCount;
  const choices = command.operandChoices;
  const unknown = choices && operands.find((word) => !choices.includes(word));
  if (unknown !== undefined) {
    throw new UsageError(
      `fanout ${command.name} takes ${choices!.join(", ")}, not "${unknown}"${question(unknown, choices!)}`,
    );
  }
  if (operands.length < min) {
    const what = `fanout ${command.name}`;
    throw new UsageError(
      `${what} needs something to work on: ${what} ${command.operands}; see: ${what} --help`,
    );
  }
  if (operands.length > max) {
    const extra = operands.slice(max).map((word) => `"${word}"`).join(", ");
    const meant = operands.flatMap((word) => {
      const flag = flagBefore(word);
      return flag === undefined ? [] : [`; did you mean --${flag.name}=${word}?`];
    });
    throw new UsageError(
      `fanout ${command.name} takes ${command.operands || "no operand"}; ${extra} is too much${
        meant.slice(0, 1).join("")
      }`,
    );
  }
}
