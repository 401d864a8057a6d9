import type { Command, Flag } from "./command.ts";
import { topicNames } from "./help.ts";
import { helpFlag } from "./parse_arguments.ts";

/** A script for bash 4 and later. Where it knows nothing better the shell completes files. */
export function bashCompletions(commands: readonly Command[]): string {
  const known = withHelp(commands);
  const values = known.flatMap((command) =>
    flagsOf(command).filter((flag) => flag.choices !== undefined).map((flag) => {
      const patterns = spellings(flag).map((spelled) => `"${command.name} ${spelled}"`).join("|");
      return `    ${patterns}) words="${flag.choices!.join(" ")}" ;;\n`;
    })
  ).join("");
  const flags = known.map((command) => {
    const words = flagsOf(command).map((flag) => `--${flag.name}`).join(" ");
    return `      ${command.name}) words="${words}" ;;\n`;
  }).join("");
  const operands = known.filter((command) => command.operandChoices !== undefined)
    .map((command) => `      ${command.name}) words="${command.operandChoices!.join(" ")}" ;;\n`).join("");
  return `# Completions of fanout for bash: source <(fanout completions bash)
_fanout() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=""
  COMPREPLY=()
  case "\${COMP_WORDS[1]} $before" in
${values}  esac
  if [[ -z $words && COMP_CWORD -eq 1 ]]; then
    words="${known.map(({ name }) => name).join(" ")} --help --version"
  elif [[ -z $words && $word == -* ]]; then
    case "\${COMP_WORDS[1]}" in
${flags}    esac
  elif [[ -z $words ]]; then
    case "\${COMP_WORDS[1]}" in
${operands}    esac
  fi
  if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"); fi
}
complete -o default -F _fanout fanout
`;
}

/** A function for zsh, to be found in a directory of $fpath as \`_fanout\`. */
export function zshCompletions(commands: readonly Command[]): string {
  const known = withHelp(commands);
  const names = known.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`).join("");
  const cases = known.map((command) => {
    const specs = [...flagsOf(command).flatMap(zshSpecs), zshOperands(command)];
    return `    ${command.name})\n      _arguments -s ${specs.map(quoted).join(" \\\n        ")} ;;\n`;
  }).join("");
  return `#compdef fanout
# Completions of fanout for zsh: fanout completions zsh > ~/.zsh/_fanout
_fanout() {
  local -a commands
  commands=(
${names}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases}  esac
}
if [[ $funcstack[1] == _fanout ]]; then _fanout "$@"; else compdef _fanout fanout; fi
`;
}

/** Lines for fish. */
export function fishCompletions(commands: readonly Command[]): string {
  const known = withHelp(commands);
  const lines = known.flatMap((command) => {
    const inside = `complete -c fanout -n '__fish_seen_subcommand_from ${command.name}'`;
    const operands = command.operandChoices;
    return [
      `complete -c fanout -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.summary)}`,
      ...(operands === undefined ? [] : [`${inside} -f -a '${operands.join(" ")}'`]),
      ...flagsOf(command).map((flag) => {
        const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
        const value = flag.choices !== undefined
          ? ` -x -a '${flag.choices.join(" ")}'`
          : flag.value !== undefined && !flag.optionalValue
          ? " -r"
          : "";
        return `${inside} -l ${flag.name}${short}${value} -d ${fishQuoted(flag.description)}`;
      }),
    ];
  });
  return `# Completions of fanout for fish: fanout completions fish > ~/.config/fish/completions/fanout.fish
${lines.join("\n")}
`;
}

/** `help` is no command of the table: it takes the names of the others, and of topics. */
function withHelp(commands: readonly Command[]): readonly Completed[] {
  const names = commands.map(({ name }) => name);
  const help = {
    name: "help",
    summary: "Explain a command or a topic",
    operandChoices: [...topicNames, ...names],
    flags: [],
  };
  return [...commands, help];
}

type Completed = Pick<Command, "name" | "summary" | "flags" | "operandChoices">;

function flagsOf({ name, flags }: Completed): readonly Flag[] {
  return name === "help" ? flags : [...flags, helpFlag];
}

function spellings({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** `_arguments` wants one specification for each spelling. */
function zshSpecs(flag: Flag): string[] {
  const all = spellings(flag);
  const others = flag.repeatable ? "*" : all.length === 1 ? "" : `(${all.join(" ")})`;
  const description = flag.description.replace(/[[\]\\]/g, "\\$&");
  const name = flag.value?.replace(/[:\\]/g, "\\$&");
  const action = flag.choices === undefined ? "_files" : `(${flag.choices.join(" ")})`;
  return all.map((spelled) => {
    if (name === undefined) return `${others}${spelled}[${description}]`;
    if (flag.optionalValue) return `${others}${spelled}=-[${description}]::${name}:${action}`;
    const attached = spelled.startsWith("--") ? "=" : "+";
    return `${others}${spelled}${attached}[${description}]:${name}:${action}`;
  });
}

function zshOperands({ operandChoices }: Completed): string {
  return operandChoices === undefined ? "*:file:_files" : `1:word:(${operandChoices.join(" ")})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
