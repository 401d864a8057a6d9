import type { ExpressionProblem } from "../model/expression.ts";

/** A piece of a template: literal text, or an expression's source and where it stands. */
export type Piece = string | { readonly source: string; readonly offset: number };

/** @see scanTemplate */
export interface Scanned {
  /** Two literal texts never stand side by side, and none is empty. */
  readonly pieces: readonly Piece[];
  readonly problems: readonly ExpressionProblem[];
}

/**
 * Cuts a text at its `${{ }}`. `$${{` is a literal `${{`; any other `$` is a `$`. The end of an expression is found
 * as CEL reads it: a `}}` in a quoted text, or one that closes maps, does not end it.
 */
export function scanTemplate(text: string): Scanned {
  const pieces: Piece[] = [];
  const problems: ExpressionProblem[] = [];
  let literal = "";
  let from = 0;
  for (let open = text.indexOf("${{"); open >= 0; open = text.indexOf("${{", from)) {
    if (text[open - 1] === "$" && open > from) {
      literal += text.slice(from, open - 1) + "${{";
      from = open + 3;
      continue;
    }
    literal += text.slice(from, open);
    const close = findClose(text, open + 3);
    if (close < 0) {
      problems.push({ offset: open, length: 3, message: unclosed(text, open) });
      return { pieces, problems };
    }
    const source = text.slice(open + 3, close);
    from = close + 2;
    if (source.trim() === "") {
      const message = "the ${{ }} is empty; write $${{ for the text ${{";
      problems.push({ offset: open, length: from - open, message });
      continue;
    }
    if (literal !== "") pieces.push(literal);
    literal = "";
    pieces.push({ source, offset: open + 3 });
  }
  literal += text.slice(from);
  if (literal !== "") pieces.push(literal);
  return { pieces, problems };
}

/** Where the `}}` begins that ends the expression from `from` on; -1 for nowhere. */
function findClose(text: string, from: number): number {
  let depth = 0;
  for (let position = from; position < text.length; position++) {
    switch (text[position]) {
      case '"':
      case "'":
        position = endOfQuoted(text, position);
        break;
      case "{":
        depth++;
        break;
      case "}":
        if (depth === 0 && text[position + 1] === "}") return position;
        depth = Math.max(0, depth - 1);
    }
  }
  return -1;
}

/** The last character of the quoted text that begins at `start`; the end of `text` when it is not closed. */
function endOfQuoted(text: string, start: number): number {
  const mark = text[start]!;
  const quote = text.startsWith(mark.repeat(3), start) ? mark.repeat(3) : mark;
  for (let position = start + quote.length; position < text.length; position++) {
    // The library skips what follows a backslash in raw texts too.
    if (text[position] === "\\") position++;
    else if (text.startsWith(quote, position)) return position + quote.length - 1;
  }
  return text.length;
}

function unclosed(text: string, open: number): string {
  const isQuoteOpen = text.indexOf("}}", open) >= 0;
  const why = isQuoteOpen ? "; a quoted text or a map in it is not closed" : "";
  return `this \${{ is not closed by }}${why}; write $\${{ for the text \${{`;
}
