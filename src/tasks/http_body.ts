import { ExpressionError, type Template, type Vars } from "../model/expression.ts";
import { isValueMap, stringifyJson, type Value, type ValueMap } from "../model/json.ts";
import type { BodyPart } from "../runtime/http_port.ts";

/** What a request carries. */
export interface RequestBody {
  readonly parts: readonly BodyPart[];
  /** What it is, unless the config says so itself; null when nobody can tell. */
  readonly contentType: string | null;
}

/** The body of one task's requests, compiled. @throws ExpressionError */
export type BodyTemplate = (vars: Vars) => RequestBody;

/** What compiling needs. */
export interface BodyContext {
  template(source: string): Template;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Compiles whichever of `json`, `form` and `body` a task has; null for a request without a body. */
export function compileBody(spec: ValueMap, context: BodyContext): BodyTemplate | null {
  if (spec.json !== undefined && spec.json !== null) return jsonBody(spec.json, context);
  if (isValueMap(spec.form)) return formBody(spec.form, context);
  if (isValueMap(spec.body)) return fileBody(context.template(String(spec.body.file)));
  if (spec.body !== undefined && spec.body !== null) return textBody(context.template(String(spec.body)));
  return null;
}

const encoder = new TextEncoder();

function jsonBody(json: Value, context: BodyContext): BodyTemplate {
  const make = deepTemplate(json, context);
  const body = (value: Value): RequestBody => ({
    parts: [encoder.encode(stringifyJson(value))],
    contentType: "application/json",
  });
  if (typeof make === "function") return (vars) => body(make(vars));
  const constant = body(make.constant);
  return () => constant;
}

/** A value with the templates in its texts rendered, each keeping its type; keys are as they are. */
function deepTemplate(
  value: Value,
  context: BodyContext,
): ((vars: Vars) => Value) | { readonly constant: Value } {
  if (typeof value === "string") {
    const template = context.template(value);
    return template.constant ? { constant: template.renderText({}) } : (vars) => template.render(vars);
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return { constant: value };
  const isList = Array.isArray(value);
  const entries = Object.entries(value).map(([key, inner]) => [key, deepTemplate(inner, context)] as const);
  const rendered = (vars: Vars): Value => {
    const made = entries.map(([key, inner]) =>
      [key, typeof inner === "function" ? inner(vars) : inner.constant] as const
    );
    return isList ? made.map(([, inner]) => inner) : Object.fromEntries(made);
  };
  return entries.some(([, inner]) => typeof inner === "function") ? rendered : { constant: rendered({}) };
}

function textBody(template: Template): BodyTemplate {
  const contentType = "text/plain; charset=utf-8";
  return (vars) => {
    const value = template.whole ? template.render(vars) : null;
    if (value instanceof Uint8Array) return { parts: [value], contentType: "application/octet-stream" };
    return { parts: [encoder.encode(template.renderText(vars))], contentType };
  };
}

function fileBody(path: Template): BodyTemplate {
  return (vars) => ({ parts: [{ file: filePath(path, vars) }], contentType: "application/octet-stream" });
}

function filePath(path: Template, vars: Vars): string {
  const file = path.renderText(vars);
  if (file === "" || file.includes("\0")) {
    throw new ExpressionError(`${JSON.stringify(file)} is no path of a file`);
  }
  return file;
}

interface FormField {
  readonly name: string;
  readonly text?: Template;
  readonly file?: Template;
}

function formBody(form: ValueMap, context: BodyContext): BodyTemplate {
  const fields: readonly FormField[] = Object.entries(form).map(([name, field]) =>
    isValueMap(field)
      ? { name, file: context.template(String(field.file)) }
      : { name, text: context.template(String(field)) }
  );
  if (fields.every((field) => field.file === undefined)) return (vars) => urlencoded(fields, vars);
  return (vars) => multipart(fields, vars, context);
}

function urlencoded(fields: readonly FormField[], vars: Vars): RequestBody {
  const pairs = new URLSearchParams();
  for (const { name, text } of fields) pairs.append(name, text!.renderText(vars));
  return { parts: [encoder.encode(pairs.toString())], contentType: "application/x-www-form-urlencoded" };
}

/** RFC 7578. The boundary is drawn for each request, so that what an earlier one showed to a server cannot end a field. */
function multipart(fields: readonly FormField[], vars: Vars, { random }: BodyContext): RequestBody {
  let boundary = "fanout-";
  for (let i = 0; i < 4; i++) boundary += Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0");
  const parts: BodyPart[] = [];
  let text = "";
  for (const field of fields) {
    text += `--${boundary}\r\ncontent-disposition: form-data; name="${quoteName(field.name)}"`;
    if (field.text) {
      text += `\r\n\r\n${field.text.renderText(vars)}\r\n`;
      continue;
    }
    const file = filePath(field.file!, vars);
    const name = file.slice(file.lastIndexOf("/") + 1);
    text += `; filename="${quoteName(name)}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
    parts.push(encoder.encode(text), { file });
    text = "\r\n";
  }
  parts.push(encoder.encode(`${text}--${boundary}--\r\n`));
  return { parts, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** As browsers do: what would end the name or the line is percent-encoded. */
function quoteName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => encodeURIComponent(character));
}
