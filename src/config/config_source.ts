import { isCollection, isScalar, type Node, type Scalar } from "yaml";
import type { ConfigPath, Diagnostic, ReportProblem } from "../model/diagnostic.ts";
import type { TextProblem } from "./decode_text.ts";
import { type AliasTargets, findNode, keyText, rangeOf } from "./find_node.ts";
import { lineAt, quotedAt } from "./quoted_line.ts";

/** A config's text and where its values stand, for whoever finds something wrong with one of them. */
export interface ConfigSource {
  /** As given on the command line. */
  readonly file: string;
  readonly text: string;
  /** A problem of the value at a path; of what surrounds it when there is no such value. */
  diagnose(path: ConfigPath, message: string, where?: Where): Diagnostic;
  /** A scalar as it is written; undefined for anything else and for text in quotes. */
  written(path: ConfigPath): string | undefined;
  /** The line of a value as it should be if a text was meant; undefined when it is no value of one line. */
  quoted(path: ConfigPath): string | undefined;
}

type Where = Parameters<ReportProblem>[2];

/** Locates values by path, and offsets by line and column. */
export function configSource(
  file: string,
  text: string,
  root: Node | null,
  targets: AliasTargets,
): ConfigSource {
  return {
    file,
    text,
    diagnose(path, message, where) {
      const [start, end] = placeOf(path, where);
      const problem = { offset: start, length: end - start, message };
      return diagnosticAt(file, text, problem, where?.severity);
    },
    written(path) {
      const { node } = findNode(root, path, targets);
      return isScalar(node) && node.type === "PLAIN" ? node.source : undefined;
    },
    quoted(path) {
      const { key, node } = findNode(root, path, targets);
      if (isNothing(node)) return `${isScalar(key) ? `${keyText(key)}: ` : ""}"…"`;
      if (!isCollection(node) && !isNull(node)) return undefined;
      const [start, end] = rangeOf(node);
      return text.slice(start, end).trimEnd().includes("\n") ? undefined : quotedAt(text, start);
    },
  };

  function placeOf(path: ConfigPath, where: Where): readonly [number, number] {
    const { key, node } = findNode(root, path, targets);
    if (key === null && node === null) return path.length > 0 ? placeOf(path.slice(0, -1), where) : [0, 1];
    if (key && (where?.on === "key" || node === null)) return rangeOf(key);
    if (isScalar(node) && where?.offset !== undefined) {
      return partOf(text, node, where.offset, where.length ?? 1);
    }
    const [start, end] = rangeOf(node!);
    const isBlock = isCollection(node) && !node.flow;
    if (key && (isBlock || start === end)) return rangeOf(key);
    return isBlock ? [start, start + 1] : [start, end];
  }
}

function isNull(node: Node | null): node is Scalar<null> {
  return isScalar(node) && node.value === null;
}

/** True where a key, or the `-` of a list, has no value behind it, or a `~`. */
function isNothing(node: Node | null): boolean {
  return isNull(node) && ["", "~"].includes(node.source ?? "");
}

/** A problem at an offset, with its line and column. */
export function diagnosticAt(
  file: string,
  text: string,
  { offset, length, message }: TextProblem,
  severity: "error" | "warning" = "error",
): Diagnostic {
  const { line, offset: start } = lineAt(text, offset);
  const before = line.slice(0, offset - start);
  const marked = line.slice(before.length, before.length + length);
  return {
    file,
    line: countLines(text, start),
    column: charactersIn(before) + 1,
    length: Math.max(1, charactersIn(marked)),
    severity,
    message,
  };
}

/**
 * Where a part of a scalar's value stands in the file. Escapes and folded lines move it, so it is looked for by its own
 * text: the n-th time it occurs in the value is the n-th time it occurs in the file.
 */
function partOf(text: string, node: Scalar, offset: number, length: number): readonly [number, number] {
  const [start, end] = rangeOf(node);
  const value = String(node.value);
  const source = text.slice(start, end);
  const wanted = value.slice(offset, offset + length).split("\n", 1)[0]!;
  if (wanted === "") return [Math.max(start, end - 1), end];
  let at = -1;
  for (
    let from = value.indexOf(wanted);
    from >= 0 && from <= offset;
    from = value.indexOf(wanted, from + 1)
  ) {
    at = source.indexOf(wanted, at + 1);
    if (at < 0) return [start, end];
  }
  return at < 0 ? [start, end] : [start + at, start + at + wanted.length];
}

function countLines(text: string, end: number): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function charactersIn(text: string): number {
  return [...text].length;
}
