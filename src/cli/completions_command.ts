import type { CommandBody } from "./command.ts";
import { commands } from "./commands.ts";
import { bashCompletions, fishCompletions, zshCompletions } from "./completions.ts";

/** `fanout completions SHELL`. */
export const completionsCommand: CommandBody = async (args, { host }) => {
  const write = { bash: bashCompletions, zsh: zshCompletions, fish: fishCompletions };
  host.stdout.write(write[args.operands[0] as keyof typeof write](commands));
  return 0;
};
