/** A part of a report's JSON. */
export interface ReportPiece {
  /** `head`: a part of the document with its results taken out. `result`: one whole element of `results`. */
  readonly kind: "head" | "result";
  readonly bytes: Uint8Array;
}

/**
 * Takes the document apart without parsing it, so that one of any size can be read in little memory: the elements of its
 * top-level `results` one by one, and the rest, in which `results` is left empty. What is no JSON comes out as parts that
 * do not parse.
 */
export function* splitReport(blocks: Iterable<Uint8Array>): Generator<ReportPiece> {
  const splitter = new Splitter();
  for (const block of blocks) yield* splitter.take(block);
  yield* splitter.rest();
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const longestKey = 64;

/** Where in the document the last block ended. */
class Splitter {
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #isInResults = false;
  /** The last text at depth 1: the key when a value follows. */
  #key = "";
  /** The beginning of an element that goes on in the next block. */
  #begun: Uint8Array = new Uint8Array(0);

  /** The parts that end in this block. A loop of its own, not a generator's: it sees every byte. */
  take(block: Uint8Array): ReportPiece[] {
    const pieces: ReportPiece[] = [];
    let [depth, isInText, isEscaped] = [this.#depth, this.#isInText, this.#isEscaped];
    /** Where what is not yet in a part begins. */
    let from = 0;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at]!;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isInText = false;
        else if (depth === 1 && this.#key.length < longestKey) this.#key += String.fromCharCode(byte);
      } else if (byte === quote) {
        isInText = true;
        if (depth === 1) this.#key = "";
      } else if (byte === openBrace || byte === openBracket) {
        depth++;
        if (depth !== 2 || byte !== openBracket || this.#key !== "results") continue;
        pieces.push({ kind: "head", bytes: block.slice(from, at + 1) });
        this.#isInResults = true;
        from = at + 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--;
        if (!this.#isInResults || depth !== 1) continue;
        pieces.push(...this.#element(block.subarray(from, at)));
        this.#isInResults = false;
        from = at;
      } else if (byte === comma && depth === 2 && this.#isInResults) {
        pieces.push(...this.#element(block.subarray(from, at)));
        from = at + 1;
      }
    }
    [this.#depth, this.#isInText, this.#isEscaped] = [depth, isInText, isEscaped];
    const unfinished = block.subarray(from);
    if (this.#isInResults) this.#begun = joined(this.#begun, unfinished);
    else pieces.push({ kind: "head", bytes: unfinished.slice() });
    return pieces;
  }

  /** What a document that was cut off leaves. */
  rest(): ReportPiece[] {
    return this.#element(new Uint8Array(0));
  }

  /** None for white space: a list without elements. */
  #element(end: Uint8Array): ReportPiece[] {
    const bytes = joined(this.#begun, end);
    this.#begun = new Uint8Array(0);
    return bytes.every((byte) => byte <= 0x20) ? [] : [{ kind: "result", bytes }];
  }
}

function joined(start: Uint8Array, end: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(start.length + end.length);
  bytes.set(start);
  bytes.set(end, start.length);
  return bytes;
}
