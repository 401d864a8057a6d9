/** Grammars of the servers that read queries. */
export const sqlDialects = ["postgres", "mysql", "sqlite"] as const;

/** The grammar of the server that reads a query. */
export type SqlDialect = (typeof sqlDialects)[number];

/** What can be told of a query without a server. */
export interface SqlText {
  /** Statements that hold more than blanks and comments. */
  readonly statementCount: number;
  /** Where the second statement begins; -1 when there is none. */
  readonly secondAt: number;
  /** Placeholders as they are written and in this order: `?`, `$1`, `?2`, `:name`. */
  readonly placeholders: readonly string[];
  /** Keywords and unquoted names in small letters, in this order. */
  readonly words: readonly string[];
}

/**
 * Finds the statements and placeholders of a query: what stands in strings, quoted names and comments is neither.
 * Never fails; of a text that is no SQL it says what it can.
 */
export function scanSql(query: string, dialect: SqlDialect): SqlText {
  const token = tokenPattern(dialect);
  const placeholders: string[] = [];
  const words: string[] = [];
  const statement = new StatementEnd(dialect);
  let statementCount = 0;
  let secondAt = -1;
  let inside = false;
  for (let at = 0; at < query.length;) {
    const { text, kind } = nextToken(query, at, token, dialect);
    if (kind === "semicolon") inside &&= !statement.endsAtSemicolon();
    else if (kind !== "blank") {
      if (!inside) {
        inside = true;
        statement.begin();
        if (++statementCount === 2) secondAt = at;
      }
      if (kind === "placeholder") placeholders.push(text);
      const word = kind === "word" ? text.toLowerCase() : "";
      if (word !== "") words.push(word);
      statement.take(word);
    }
    at += text.length;
  }
  return { statementCount, secondAt, placeholders, words };
}

/**
 * True for a query that changes nothing going by its words; false as soon as it may. On a server the functions it calls
 * may still write; SQLite has none that do.
 */
export function onlyReads(query: string, dialect: SqlDialect): boolean {
  const { words } = scanSql(query, dialect);
  if (readers.has(words[0]!)) return words[0] !== "explain" || !words.includes("analyze");
  return words[0] === "with" && !words.some((word) => writers.has(word));
}

const readers = new Set(["select", "values", "table", "show", "explain", "describe", "desc"]);
const writers = new Set(["insert", "update", "delete", "replace", "merge"]);

type TokenKind = "blank" | "semicolon" | "placeholder" | "word" | "other";

const blank = String.raw`(?<blank>\s+|--[^\n]*)`;
const mysqlBlank = String.raw`(?<blank>\s+|--(?=\s|$)[^\n]*|#[^\n]*)`;
const string = String.raw`'(?:[^']|'')*'?`;
const escapedString = String.raw`'(?:[^'\\]|''|\\[\s\S])*'?`;
const quotedName = String.raw`"(?:[^"]|"")*"?`;
const escapedQuotes = String.raw`"(?:[^"\\]|""|\\[\s\S])*"?`;
const backticked = "`(?:[^`]|``)*`?";
const bracketed = String.raw`\[[^\]]*\]?`;
const dollarQuoted = String.raw`\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`;
const word = String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const semicolon = "(?<semicolon>;)";

const alternatives: { readonly [dialect in SqlDialect]: readonly string[] } = {
  postgres: [
    blank,
    String.raw`[eE]${escapedString}`,
    string,
    quotedName,
    dollarQuoted,
    String.raw`(?<placeholder>\$\d+)`,
    word,
    semicolon,
  ],
  mysql: [
    mysqlBlank,
    escapedString,
    escapedQuotes,
    backticked,
    String.raw`(?<placeholder>\?)`,
    word,
    semicolon,
  ],
  sqlite: [
    blank,
    string,
    quotedName,
    backticked,
    bracketed,
    String.raw`(?<placeholder>\?\d*|[$:@]\w+)`,
    word,
    semicolon,
  ],
};

const patterns = new Map<SqlDialect, RegExp>();

/** Made when it is first used: to compile them all would take longer than to read most configs. */
function tokenPattern(dialect: SqlDialect): RegExp {
  let pattern = patterns.get(dialect);
  if (pattern === undefined) {
    pattern = new RegExp([...alternatives[dialect], String.raw`[\s\S]`].join("|"), "uy");
    patterns.set(dialect, pattern);
  }
  return pattern;
}

function nextToken(
  query: string,
  at: number,
  pattern: RegExp,
  dialect: SqlDialect,
): { readonly text: string; readonly kind: TokenKind } {
  if (query.startsWith("/*", at)) return { text: blockComment(query, at, dialect), kind: "blank" };
  pattern.lastIndex = at;
  const match = pattern.exec(query)!;
  const kind = (["blank", "semicolon", "placeholder", "word"] as const).find((name) =>
    match.groups![name] !== undefined
  );
  return { text: match[0], kind: kind ?? "other" };
}

/** Comments nest in PostgreSQL only. */
function blockComment(query: string, start: number, dialect: SqlDialect): string {
  let depth = 1;
  let at = start + 2;
  while (depth > 0 && at < query.length) {
    if (query.startsWith("*/", at)) depth--;
    else if (dialect === "postgres" && query.startsWith("/*", at)) depth++;
    else {
      at++;
      continue;
    }
    at += 2;
  }
  return query.slice(start, at);
}

/**
 * Tells whether a semicolon ends a statement: not within the body of a trigger or a stored procedure.
 * For the servers it is enough to recognise that there is a body, since they refuse several statements by themselves;
 * SQLite runs the first and ignores the others, so here its own rule holds: a trigger ends with `; END ;`.
 */
class StatementEnd {
  private readonly dialect: SqlDialect;
  /** The first words, where a body announces itself. */
  private opening: string[] = [];
  private last = "";
  private beforeLast = "";

  constructor(dialect: SqlDialect) {
    this.dialect = dialect;
  }

  begin(): void {
    this.opening = [];
    this.last = this.beforeLast = "";
  }

  /** The next token: a word in small letters, or an empty text for anything else. */
  take(word: string): void {
    if (word !== "" && this.opening.length < 12) this.opening.push(word);
    this.beforeLast = this.last;
    this.last = word;
  }

  endsAtSemicolon(): boolean {
    if (!this.hasBody()) return true;
    if (this.dialect === "sqlite" && this.last === "end" && this.beforeLast === ";") return true;
    this.take(";");
    return false;
  }

  private hasBody(): boolean {
    const [first, second] = this.opening;
    if (first === "begin") return this.dialect === "mysql" && second === "not";
    if (first !== "create" && first !== "alter") return false;
    const bodies = this.dialect === "sqlite"
      ? ["trigger"]
      : ["trigger", "procedure", "function", "event", "package"];
    return this.opening.some((word) => bodies.includes(word));
  }
}
