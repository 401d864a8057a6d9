import type { Vars } from "../model/expression.ts";
import { parseData, type Value, type ValueMap } from "../model/json.ts";
import { describeJsonFault, findJsonFault } from "../model/json_fault.ts";
import type { Redactor } from "../model/redactor.ts";
import type { FinishedBody } from "./body.ts";
import { DecodeError } from "./kind.ts";
import { once } from "./once.ts";

/** Headers of an answer by their names in small letters. */
export type HeaderMap = { readonly [name: string]: string };

/** Joins lines of one name with a comma, `set-cookie` lines, which hold commas, with a line end. */
export function headerMap(lines: readonly string[]): HeaderMap {
  // Without a prototype, so that a header called `constructor` or `__proto__` is one like any other.
  const map: { [name: string]: string } = { __proto__: null } as never;
  for (let i = 0; i < lines.length; i += 2) {
    const name = smallName(lines[i]!);
    const before = map[name];
    const value = lines[i + 1]!;
    map[name] = before === undefined ? value : `${before}${name === "set-cookie" ? "\n" : ", "}${value}`;
  }
  return map;
}

/** Names as they came by their small letters. Servers send the same few again and again; data fills it only so far. */
const smallNames = new Map<string, string>();
const maxSmallNames = 1_000;

function smallName(name: string): string {
  const known = smallNames.get(name);
  if (known !== undefined) return known;
  const small = name.toLowerCase();
  if (smallNames.size < maxSmallNames && name.length < 64) smallNames.set(name, small);
  return small;
}

/** Longer values are cut in the report. */
const maxValueLength = 1_024;
/** More headers are left out of the report. */
const maxHeaders = 100;

const masked = new Set(["set-cookie", "cookie", "authorization", "proxy-authorization"]);

/** Headers as the report shows them: values that sign somebody in are masked, long ones cut after secrets were taken out. */
export function reportedHeaders(headers: HeaderMap, redactor: Redactor): ValueMap {
  const reported: { [name: string]: string } = {};
  let count = 0;
  for (const name in headers) {
    if (++count > maxHeaders) break;
    const value = headers[name]!;
    if (masked.has(name)) reported[name] = "***";
    else if (value.length <= maxValueLength) reported[name] = value;
    else reported[name] = `${redactor.mask(value).slice(0, maxValueLength)}…`;
  }
  return reported;
}

/** An answer as the report shows it. */
export function httpOutput(
  status: number,
  headers: HeaderMap,
  body: FinishedBody,
  redactor: Redactor,
  isWhole: boolean,
): ValueMap {
  const { fields, truncated } = body.captured("body");
  return {
    status,
    headers: reportedHeaders(headers, redactor),
    bytes: body.bytes,
    sha256: body.sha256,
    ...fields,
    truncated: truncated || !isWhole,
  };
}

/** What every answer has for expressions. */
export type PlainFields = {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly bytes: number;
  readonly url: string;
  readonly durationMs: number;
};

/** The fields of an answer whose `text` or `json` some expression reads: they are made when first read. */
export function withText(plain: PlainFields, content: Uint8Array, redactor: Redactor): Vars {
  const text = once(() => decodeText(content, plain.headers["content-type"]));
  const json = once(() => decodeJson(text(), plain, redactor));
  return {
    ...plain,
    get text() {
      return text();
    },
    get json() {
      return json();
    },
  };
}

/** By the charset of `content-type`, UTF-8 without one or with one nobody knows; what is damaged becomes U+FFFD. */
export function decodeText(content: Uint8Array, contentType: string | undefined): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? "")?.[1];
  return decoderFor(charset).decode(content);
}

const utf8 = new TextDecoder();

function decoderFor(charset: string | undefined): TextDecoder {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset);
  } catch {
    return utf8;
  }
}

function decodeJson(text: string, { status, headers }: PlainFields, redactor: Redactor): Value {
  try {
    return parseData(text);
  } catch {
    // The parser's own message quotes the text, and may cut a secret in two.
    if (text === "") throw new DecodeError(`The answer (${status}) is no JSON: it is empty`);
    if (findJsonFault(text) === undefined) {
      throw new DecodeError(describeJsonFault(text, `The answer (${status})`));
    }
    const type = headers["content-type"] ?? "without content-type";
    throw new DecodeError(
      `The answer (${status}, ${type}) is no JSON: it begins with ${excerpt(text, redactor)}`,
    );
  }
}

const excerptLength = 60;

function excerpt(text: string, redactor: Redactor): string {
  const start = redactor.mask(text.slice(0, excerptLength + redactor.margin));
  return JSON.stringify(start.length > excerptLength ? `${start.slice(0, excerptLength)}…` : start);
}
