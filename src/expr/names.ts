/** Words that CEL keeps for itself. */
const CEL_WORDS: ReadonlySet<string> = new Set(
  ("as break const continue else false for function if import in let loop namespace null package return true var " +
    "void while __proto__ prototype constructor").split(" "),
);

/** CEL's types and namespaces: `params.list` can be read, a variable `list` cannot. */
const CEL_TYPES: ReadonlySet<string> = new Set(
  "bool bytes cel double duration dyn google int list map null_type optional string timestamp type uint"
    .split(" "),
);

/** What expressions read at their top; a name given by `as` may not hide one. */
export const ROOT_NAMES: readonly string[] = [
  "params",
  "secrets",
  "run",
  "item",
  "index",
  "matrix",
  "needs",
];

/** Whether tasks, targets and params may have this name: a letter or `_`, then digits too, and no CEL word. */
export function isName(word: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(word) && !CEL_WORDS.has(word);
}

/** Whether an expression can read it by this name alone, as it does what `as` names. */
export function isVariableName(word: string): boolean {
  return isName(word) && !CEL_TYPES.has(word);
}

/** A legal name near `word`: `my-task` → `myTask`, `2nd` → `_2nd`, `in` → `in_`. Undefined when nothing is left. */
export function suggestName(word: string): string | undefined {
  const joined = word.replace(
    /[^A-Za-z0-9_]+(.)?/g,
    (_, next: string | undefined) => next?.toUpperCase() ?? "",
  );
  const plain = joined.replace(/[^A-Za-z0-9_]/g, "");
  if (plain === "") return undefined;
  const name = /^[0-9]/.test(plain) ? `_${plain}` : plain;
  return isVariableName(name) ? name : `${name}_`;
}

/** What is wrong with a name, and what would do; undefined when it is legal. */
export function nameProblem(word: string, isLegal: (word: string) => boolean = isName): string | undefined {
  if (isLegal(word)) return undefined;
  const why = isName(word) || CEL_WORDS.has(word)
    ? "is a word of the expression language"
    : "is no name: letters, digits and _ only, and no digit first";
  const name = suggestName(word);
  return `${JSON.stringify(word)} ${why}${name === undefined ? "" : `; did you mean ${name}?`}`;
}

/** Whether an expression that reads these names reads a declared secret. */
export function readsSecrets(names: Iterable<string>): boolean {
  for (const name of names) if (rootOf(name) === "secrets") return true;
  return false;
}

/** The first word of a name: `needs.users.outputs.ids` → `needs`. */
export function rootOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? name : name.slice(0, dot);
}
