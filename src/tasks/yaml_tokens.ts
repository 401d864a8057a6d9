import { type CST, Lexer, Parser } from "yaml";

/** The text is nested more deeply than is allowed, at `offset`. */
export class TooDeep extends Error {
  constructor(readonly offset: number) {
    super("nested too deeply");
  }
}

/**
 * The tokens of a YAML text. The parser takes ever longer for what is nested ever deeper, and the composer calls itself at
 * each level: both are stopped on the way down.
 *
 * @throws TooDeep
 */
export function* yamlTokens(
  text: string,
  maxDepth: number,
  onNewLine?: (offset: number) => void,
): Generator<CST.Token> {
  const parser = new Parser(onNewLine);
  onNewLine?.(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    // The document stands on the stack too.
    if (parser.stack.length > maxDepth + 1) throw new TooDeep(parser.offset - lexeme.length);
  }
  yield* parser.end();
}
