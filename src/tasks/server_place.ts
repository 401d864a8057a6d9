import type { Template, Vars } from "../model/expression.ts";
import { UnusableError } from "../model/unusable_error.ts";
import type { TaskContext } from "./kind.ts";
import { readTlsSection, type ServerContext, type Wrong } from "./server_url.ts";

/** Where a task connects to. */
export interface Places<P> {
  /** The one for all inputs, where it is known before anything runs. */
  readonly known: P | undefined;
  /** For an input. The one before is remembered. */
  of(vars: Vars): P | Wrong;
}

/**
 * Reads where a task connects to.
 *
 * @throws UnusableError when it is known before anything runs, and is no place
 */
export function compilePlace<P extends object>(
  { task, pool, directory, template, renderTarget }: TaskContext,
  read: (url: string, context: ServerContext) => P | Wrong,
): Places<P> {
  const url = template(String(task.spec.url ?? ""));
  const renderText = (source: string) => String(renderTarget(source));
  const context = {
    directory,
    tls: readTlsSection(task.spec.tls, directory, renderText),
    connectMs: task.timeouts.connectMs,
  };
  let last: { readonly text: string; readonly place: P | Wrong } | undefined;
  const placeOf = (text: string) => {
    if (last?.text !== text) last = { text, place: read(text, context) };
    return last.place;
  };
  const of = (vars: Vars) => placeOf(url.renderText(vars));
  // A condition may be there to leave the task out where its URL is of no use.
  if (task.if !== null || !isKnown(url)) return { known: undefined, of };
  const known = placeOf(renderText(url.source));
  if (!("wrong" in known)) return { known, of };
  // A pool without a target is named by its URL.
  const isTargets = url.source === pool.spec.url && url.source !== pool.name;
  const where = isTargets ? `the url of target "${pool.name}"` : `${task.kind}.url`;
  throw new UnusableError(`Cannot use ${where}: ${known.wrong}`);
}

/** Which pool of a family a place belongs to; all that cannot be used share one. */
export function keyOfPlace(place: { readonly shown: string } | Wrong): string {
  return "wrong" in place ? "" : place.shown;
}

/** Nothing in it depends on an input, or on what other tasks put out. */
function isKnown({ names }: Template): boolean {
  return [...names].every((name) => /^(params|secrets|run)\b/.test(name));
}
