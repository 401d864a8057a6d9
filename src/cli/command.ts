import type { Ports } from "../runtime/ports.ts";

/** One flag. The table of these feeds parsing, help, documentation and completions. */
export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** The value's name in help: `K=V`; none for a switch. */
  readonly value?: string;
  /** The value may be left out; when given it is attached with `=`. */
  readonly optionalValue?: true;
  /** May be given several times. */
  readonly repeatable?: true;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  /** What other programs call it, and people type: it is told them. Without dashes. */
  readonly elsewhere?: readonly string[];
  readonly description: string;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** What stands behind the name: `FILE…`. */
  readonly operands: string;
  /** How many operands it takes. */
  readonly operandCount: { readonly min: number; readonly max: number };
  /** The only operands it takes; files and other words without. */
  readonly operandChoices?: readonly string[];
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What more there is to say, whole sentences. */
  readonly details?: string;
  readonly examples: readonly string[];
  readonly flags: readonly Flag[];
  /** Everything behind the first operand is an operand, dashes or not. */
  readonly stopsAtOperand?: true;
  /** Loads what it needs and no more. */
  load(): Promise<CommandBody>;
}

/** Does it and gives the exit code. Usage errors are thrown as {@link UsageError}. */
export type CommandBody = (args: ParsedArguments, ports: Ports) => Promise<number>;

/** What was typed, checked against the flag table. */
export interface ParsedArguments {
  readonly operands: readonly string[];
  /** A switch's presence. */
  has(flag: string): boolean;
  /** The last value given; undefined when it was not given, or given without its optional value. */
  value(flag: string): string | undefined;
  /** All values given, in order. */
  values(flag: string): readonly string[];
}

/** The command line makes no sense: exit code 2, no stack trace. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
