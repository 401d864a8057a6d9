import { maxDataDepth, parseData, type Value } from "../model/json.ts";
import { findJsonFault } from "../model/json_fault.ts";
import { end, Fault, type ItemSource, type Pulled } from "./items.ts";
import { TextFault, type TextPieces } from "./text_pieces.ts";

/** The lines of a text, without line ends; blank ones are dropped. `name` is how messages call the source. */
export function lineItems(pieces: TextPieces, name: string): ItemSource {
  return new LineItems(pieces, name, (line) => line);
}

/** The pieces of a text that end with a NUL, line ends and blanks kept; empty ones are dropped. */
export function nulItems(pieces: TextPieces, name: string): ItemSource {
  return new LineItems(pieces, name, (line) => line, "\0");
}

/** JSON Lines: one value a line, exact to the last digit. A line that is no JSON ends the source. */
export function jsonLineItems(pieces: TextPieces, name: string): ItemSource {
  return new LineItems(pieces, name, readJsonLine);
}

class LineItems implements ItemSource {
  #text = "";
  #position = 0;
  /** From 1; of the line taken last. */
  #line = 0;

  constructor(
    readonly pieces: TextPieces,
    readonly name: string,
    readonly read: (line: string) => Value,
    readonly lineEnd: "\n" | "\0" = "\n",
  ) {}

  next(): Pulled | Promise<Pulled> {
    const item = this.#take();
    return item === undefined ? this.#takeFromNextPiece() : item;
  }

  close(): void {
    this.pieces.close();
  }

  /** The item of the next line that is not blank; undefined when the text at hand has none. */
  #take(): Pulled | undefined {
    const text = this.#text;
    while (this.#position < text.length) {
      const start = this.#position;
      const newline = text.indexOf(this.lineEnd, start);
      const stop = newline === -1 ? text.length : newline;
      this.#position = stop + 1;
      this.#line++;
      if (this.lineEnd === "\0") {
        if (stop > start) return this.#readLine(text.slice(start, stop));
        continue;
      }
      const lineEnd = stop > start && text.charCodeAt(stop - 1) === carriageReturn ? stop - 1 : stop;
      if (!isBlank(text, start, lineEnd)) return this.#readLine(text.slice(start, lineEnd));
    }
    return undefined;
  }

  #readLine(line: string): Pulled {
    try {
      return this.read(line);
    } catch (error) {
      return new Fault(`${this.name}:${this.#line}: ${(error as Error).message}`);
    }
  }

  async #takeFromNextPiece(): Promise<Pulled> {
    for (;;) {
      const piece = await this.pieces.read();
      if (piece === null) return end;
      if (piece instanceof TextFault) return new Fault(piece.describe(this.name, this.#line + 1));
      this.#text = piece;
      this.#position = 0;
      const item = this.#take();
      if (item !== undefined) return item;
    }
  }
}

/** @throws SyntaxError */
function readJsonLine(line: string): Value {
  try {
    return parseData(line);
  } catch {
    const fault = findJsonFault(line);
    const why = fault === undefined
      ? `is nested more than ${maxDataDepth} levels deep`
      : `is not JSON: ${fault.why} at column ${fault.offset + 1}`;
    throw new SyntaxError(`the line ${why}`);
  }
}

function isBlank(text: string, start: number, stop: number): boolean {
  for (let i = start; i < stop; i++) {
    const code = text.charCodeAt(i);
    if (code !== space && code !== tab) return false;
  }
  return true;
}

const [tab, carriageReturn, space] = [9, 13, 32];
