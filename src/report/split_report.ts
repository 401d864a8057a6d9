/** A part of a report's JSON; the bytes are valid until the next part is asked for. */
export interface ReportPiece {
  /** `head`: a part of the document with its results taken out. `result`: one whole element of `results`. */
  readonly kind: "head" | "result";
  readonly bytes: Uint8Array;
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const longestKey = 64;

/**
 * Takes the document apart without parsing it, so that one of any size can be read in little memory: the elements of its
 * top-level `results` one by one, and the rest, in which `results` is left empty. What is no JSON comes out as parts that
 * do not parse.
 */
export function* splitReport(blocks: Iterable<Uint8Array>): Generator<ReportPiece> {
  let depth = 0;
  let isInText = false;
  let isEscaped = false;
  let isInResults = false;
  /** The last text at depth 1: the key when a value follows. */
  let key = "";
  const element = new ByteList();
  const head = new ByteList();

  for (const block of blocks) {
    for (let at = 0; at < block.length; at++) {
      const byte = block[at]!;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isInText = false;
        else if (depth === 1 && key.length < longestKey) key += String.fromCharCode(byte);
      } else if (byte === quote) {
        isInText = true;
        if (depth === 1) key = "";
      } else if (byte === openBrace || byte === openBracket) {
        depth++;
        if (depth === 2 && byte === openBracket && key === "results") {
          head.push(byte);
          isInResults = true;
          continue;
        }
      } else if (byte === closeBrace || byte === closeBracket) {
        depth--;
        if (isInResults && depth === 1) {
          isInResults = false;
          if (!element.isBlank) yield { kind: "result", bytes: element.take() };
        }
      } else if (isInResults && depth === 2 && byte === comma) {
        yield { kind: "result", bytes: element.take() };
        continue;
      }
      (isInResults ? element : head).push(byte);
    }
    yield { kind: "head", bytes: head.take() };
  }
  if (!element.isBlank) yield { kind: "result", bytes: element.take() };
}

/** Bytes that are gathered, taken and gathered anew. */
class ByteList {
  #bytes = new Uint8Array(4096);
  #length = 0;

  push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }

  /** Nothing but white space. */
  get isBlank(): boolean {
    for (let at = 0; at < this.#length; at++) if (this.#bytes[at]! > 0x20) return false;
    return true;
  }

  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
