import type { ParseProblem } from "./http_parser.ts";

/** The status line and headers of an answer. */
export interface ParsedHead {
  readonly status: number;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  readonly minor: number;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
}

/** Where a body ends. */
export interface Framing {
  /** After `length` bytes, after the last chunk, or with the connection. */
  readonly kind: "length" | "chunked" | "close";
  readonly length: number;
  readonly isReusable: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
/** Control characters but for tabs, and line ends that are not both characters. */
// deno-lint-ignore no-control-regex -- These are what it looks for.
const misplaced = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const fold = /\r\n[ \t]+/g;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads a head, its last empty line left out. */
export function readHead(text: string): ParsedHead | ParseProblem {
  if (misplaced.test(text)) return protocol("its headers hold control characters");
  // Folded lines are obsolete, and a reader has to make one line of them (RFC 9112, section 5.2).
  const lines = (fold.test(text) ? text.replace(fold, " ") : text).split("\r\n");
  const start = statusLine.exec(lines[0]!);
  if (start === null) return protocol(`its first line is ${quote(lines[0]!)}`);
  const headers: string[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    if (!token.test(name)) return protocol(`one of its header lines is ${quote(line)}`);
    headers.push(name, trimBlanks(line, colon + 1));
  }
  return { minor: start[1] === "1" ? 1 : 0, status: Number(start[2]), headers };
}

/** How long the body is, by RFC 9112, section 6.3; contradictions are refused. */
export function framingOf({ status, minor, headers }: ParsedHead, isHead: boolean): Framing | ParseProblem {
  let length: string | undefined;
  let coding: string | undefined;
  let isKept = minor === 1;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // Names of other lengths need not be looked at.
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue;
    const value = headers[i + 1]!;
    switch (name.toLowerCase()) {
      case "connection":
        isKept = keeps(value, isKept);
        break;
      case "content-length":
        if (length !== undefined || !/^\d{1,15}$/.test(value)) {
          return protocol(`its content-length is ${quote(length ? `${length}, ${value}` : value)}`);
        }
        length = value;
        break;
      case "transfer-encoding":
        if (coding !== undefined || value.toLowerCase() !== "chunked") {
          return protocol(`its transfer-encoding is ${quote(value)}`);
        }
        coding = value;
        break;
    }
  }
  if (length !== undefined && coding !== undefined) {
    return protocol("it has both a content-length and a transfer-encoding");
  }
  if (isHead || status === 204 || status === 304) return { kind: "length", length: 0, isReusable: isKept };
  if (coding !== undefined) return { kind: "chunked", length: 0, isReusable: isKept && minor === 1 };
  if (length !== undefined) return { kind: "length", length: Number(length), isReusable: isKept };
  return { kind: "close", length: 0, isReusable: false };
}

function keeps(connection: string, isKept: boolean): boolean {
  if (connection === "keep-alive") return true;
  const options = connection.toLowerCase().split(",").map((option) => option.trim());
  if (options.includes("close")) return false;
  return isKept || options.includes("keep-alive");
}

function trimBlanks(line: string, from: number): string {
  let to = line.length;
  while (from < to && isBlank(line.charCodeAt(from))) from++;
  while (to > from && isBlank(line.charCodeAt(to - 1))) to--;
  return line.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function protocol(words: string): ParseProblem {
  return { reason: "protocol", words };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
