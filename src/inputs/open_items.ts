import type { Value } from "../model/json.ts";
import type { ForeachPlan, ForeachSource } from "../model/plan.ts";
import { chooseItems } from "./choose_items.ts";
import { compileValue, expressionMessage, renderPlanText, renderValue } from "./compile.ts";
import type { InputContext } from "./context.ts";
import { BrokenItems, end, Fault, type ItemSource, LaterItems, type Pulled } from "./items.ts";
import { jsonItems, listItems } from "./json_items.ts";
import { jsonLineItems, lineItems, nulItems } from "./line_items.ts";
import { parseRange, rangeItems } from "./range.ts";
import { openSource, sourceName } from "./source_path.ts";
import { textPieces } from "./text_pieces.ts";

/** Opens a `foreach`: its source, then `where`, `unique`, `batch` and `empty`, in this order. Never throws. */
export function openItems(foreach: ForeachPlan, context: InputContext): ItemSource {
  return chooseItems(openSourceItems(foreach, context), foreach, context);
}

function openSourceItems(source: ForeachSource, context: InputContext): ItemSource {
  try {
    return openKind(source, context);
  } catch (error) {
    return new BrokenItems(`${source.source} cannot be read: ${expressionMessage(error)}`);
  }
}

/** @throws ExpressionError */
function openKind(source: ForeachSource, context: InputContext): ItemSource {
  switch (source.source) {
    case "list":
      return new RenderedItems(source.items, context);
    case "values":
      return listItems(compileValue(context, source.values).evaluate(context.vars), `"${source.values}"`);
    case "range":
      return openRange(renderPlanText(context, source.range));
    case "lines":
      return source.nul
        ? openText(source.path, context, nulItems, 0)
        : openText(source.path, context, lineItems);
    case "jsonl":
      return openText(source.path, context, jsonLineItems);
    case "csv":
      return openCsv(source, context);
    case "json":
      return jsonItems(context, renderPlanText(context, source.path), source.select);
    case "glob":
      return openGlob(renderPlanText(context, source.pattern), context);
    case "from":
      return context.openFrom(source);
    default:
      return source satisfies never;
  }
}

function openRange(text: string): ItemSource {
  const range = parseRange(text);
  return typeof range === "string" ? new BrokenItems(range) : rangeItems(range);
}

function openText(
  template: string,
  context: InputContext,
  open: typeof lineItems,
  lineEnd?: number,
): ItemSource {
  const path = renderPlanText(context, template);
  return open(textPieces(openSource(context, path), lineEnd), sourceName(path));
}

function openCsv(
  source: { readonly path: string; readonly delimiter: string },
  context: InputContext,
): ItemSource {
  const path = renderPlanText(context, source.path);
  const pieces = textPieces(openSource(context, path));
  const open = async () => {
    const { csvItems } = await import("./csv_items.ts");
    return csvItems(pieces, sourceName(path), source.delimiter);
  };
  return new LaterItems(open, () => pieces.close());
}

function openGlob(pattern: string, context: InputContext): ItemSource {
  return new LaterItems(async () => {
    try {
      const paths = await context.sources.glob(pattern, context.directory);
      return listItems(sortByBytes(paths), pattern);
    } catch (error) {
      return new BrokenItems(`glob "${pattern}" cannot be read: ${(error as Error).message}`);
    }
  });
}

/** The order of the UTF-8 bytes, as `sort` in the C locale. */
function sortByBytes(paths: string[]): string[] {
  // UTF-16 alone, which is ten times as fast, would put U+1F600 before U+FF5E.
  return paths.some((path) => /[\ud800-\udfff]/.test(path)) ? paths.sort(byBytes) : paths.sort();
}

function byBytes(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [xIsSurrogate, yIsSurrogate] = [(x & 0xf800) === 0xd800, (y & 0xf800) === 0xd800];
    return xIsSurrogate === yIsSurrogate ? x - y : xIsSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}

/** A literal list; the texts in an item are rendered when it is asked for. */
class RenderedItems implements ItemSource {
  readonly count: number;
  #position = 0;

  constructor(readonly items: readonly Value[], readonly context: InputContext) {
    this.count = items.length;
  }

  next(): Pulled {
    if (this.#position >= this.items.length) return end;
    const item = this.items[this.#position++]!;
    try {
      return renderValue(this.context, item);
    } catch (error) {
      return new Fault(`item ${this.#position - 1} cannot be rendered: ${expressionMessage(error)}`, item);
    }
  }

  close(): void {
    this.#position = this.items.length;
  }
}
