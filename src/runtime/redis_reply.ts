import type { Value } from "../model/json.ts";

/** One reply of a Redis server, or why what arrives cannot be one. */
export type RedisReply =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "broken"; readonly code: "TOO_LARGE" | "PROTOCOL"; readonly message: string };

/** Lists within lists; no command comes near. */
const maxDepth = 32;
/** A status, a number, an error. */
const maxLineBytes = 64 * 1024;

const cr = 13;
const lf = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Takes replies (RESP2) out of what arrives, in pieces of any size. Integers keep 64 bits, texts that are not UTF-8 are
 * bytes, an error inside a list is `{ error }`. A reply larger than `maxBytes` breaks it, before it is kept.
 *
 * After a reply that is `broken` no more is read.
 */
export class ReplyReader {
  /** May be changed between two replies. */
  maxBytes = Infinity;
  private readonly take: (reply: RedisReply) => void;
  /** Lists that are not complete, outermost first. */
  private lists: { readonly items: Value[]; readonly length: number }[] = [];
  /** What came of a line, or of a text of known length. */
  private pieces: Uint8Array[] = [];
  private pieceBytes = 0;
  /** Bytes still missing of a text, its line end included; undefined while a line is read. */
  private missing: number | undefined;
  /** Of this reply. */
  private bytes = 0;
  private broken = false;

  constructor(take: (reply: RedisReply) => void) {
    this.take = take;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.broken;) {
      at = this.missing === undefined ? this.readLine(chunk, at) : this.readText(chunk, at, this.missing);
    }
  }

  private readLine(chunk: Uint8Array, start: number): number {
    const end = chunk.indexOf(lf, start);
    const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
    this.keep(piece);
    if (this.pieceBytes > maxLineBytes) this.fail("PROTOCOL", "a line has no end");
    if (end === -1 || this.broken) return chunk.length;
    const line = this.join();
    if (line.at(-1) !== cr) this.fail("PROTOCOL", "a line ends as no line of Redis does");
    else this.readHead(String.fromCharCode(line[0]!), line.subarray(1, -1));
    return end + 1;
  }

  private readText(chunk: Uint8Array, start: number, missing: number): number {
    const end = Math.min(chunk.length, start + missing);
    this.keep(chunk.subarray(start, end));
    this.missing = missing - (end - start);
    if (this.missing > 0) return end;
    this.missing = undefined;
    this.add(textOrBytes(this.join().subarray(0, -2)));
    return end;
  }

  private readHead(type: string, rest: Uint8Array): void {
    const line = new TextDecoder().decode(rest);
    switch (type) {
      case "+":
        return this.add(line);
      case "-":
        return this.lists.length > 0
          ? this.add({ error: line })
          : this.finish({ kind: "error", message: line });
      case ":":
        return /^[+-]?\d{1,19}$/.test(line)
          ? this.add(integer(line))
          : this.fail("PROTOCOL", `"${line}" is no number`);
      case "$":
      case "*":
        return this.readLength(type, line);
      default:
        this.fail("PROTOCOL", "it does not speak the protocol of Redis");
    }
  }

  private readLength(type: "$" | "*", line: string): void {
    if (line === "-1") return this.add(null);
    const length = /^\d{1,15}$/.test(line) ? Number(line) : NaN;
    if (Number.isNaN(length)) return this.fail("PROTOCOL", `"${line}" is no length`);
    // Each element of a list takes at least four bytes: what cannot fit is not waited for.
    if (this.bytes + length * (type === "$" ? 1 : 4) > this.maxBytes) return this.tooLarge();
    if (type === "$") this.missing = length + 2;
    else if (length === 0) this.add([]);
    else if (this.lists.length >= maxDepth) {
      this.fail("PROTOCOL", `more than ${maxDepth} lists stand in one another`);
    } else this.lists.push({ items: [], length });
  }

  /** A value is complete, and with it perhaps the list it stands in, and the list that one stands in. */
  private add(value: Value): void {
    for (let whole = value;;) {
      const list = this.lists.at(-1);
      if (list === undefined) return this.finish({ kind: "value", value: whole });
      list.items.push(whole);
      if (list.items.length < list.length) return;
      this.lists.pop();
      whole = list.items;
    }
  }

  private finish(reply: RedisReply): void {
    this.bytes = 0;
    this.take(reply);
  }

  private keep(piece: Uint8Array): void {
    // A copy: what arrives may be a view of a larger buffer, and of a kind of its own.
    this.pieces.push(new Uint8Array(piece));
    this.pieceBytes += piece.length;
    this.bytes += piece.length;
    if (this.bytes > this.maxBytes + maxLineBytes) this.tooLarge();
  }

  private join(): Uint8Array {
    const [first] = this.pieces;
    let joined = first!;
    if (this.pieces.length > 1) {
      joined = new Uint8Array(this.pieceBytes);
      let at = 0;
      for (const piece of this.pieces) {
        joined.set(piece, at);
        at += piece.length;
      }
    }
    this.pieces = [];
    this.pieceBytes = 0;
    return joined;
  }

  private tooLarge(): void {
    this.fail("TOO_LARGE", `the reply has more than ${this.maxBytes} bytes`);
  }

  private fail(code: "TOO_LARGE" | "PROTOCOL", message: string): void {
    if (this.broken) return;
    this.broken = true;
    this.take({ kind: "broken", code, message });
  }
}

function integer(digits: string): Value {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function textOrBytes(bytes: Uint8Array): Value {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}
