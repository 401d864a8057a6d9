import type { Vars } from "../model/expression.ts";
import { writtenCount } from "../model/written.ts";

/**
 * Steps one evaluation may take. A step is worth some 100 ns of work or a hundred bytes of result, so that
 * the worst expression over the worst data stops within about a second and some hundred megabytes.
 */
export const STEP_LIMIT = 1_000_000;

/** One evaluation: the values it reads and the steps it has left. */
interface Evaluation {
  readonly vars: Vars;
  stepsLeft: number;
  /** What a getter of `vars` threw: it is the caller's own error and goes out as it is. */
  thrown: unknown;
}

/** An operation that cannot work on the values at hand. `value` is shown only where no secret is read. */
export class Trouble extends Error {
  constructor(message: string, readonly value?: unknown) {
    super(message);
  }
}

/** What to throw for a name that the scope has and the values at hand have not. */
export function noValue(path: readonly string[]): Trouble {
  return new Trouble(`${path.join(".")} has no value here; if it may be missing, use .? and .orValue(…)`);
}

const outOfSteps = new Error(`it took more than ${writtenCount(STEP_LIMIT)} steps`);

// CEL's functions are called without a context, so the evaluation in progress is found here. Evaluation is
// synchronous; a getter of `vars` that evaluates another expression nests, and gets its own.
let current: Evaluation = idle();

/**
 * Runs `work` as one evaluation over `vars`.
 * @throws what `work` threw, and as {@link Foreign} what a getter of `vars` threw
 */
export function evaluateOver<T>(vars: Vars, work: () => T): T {
  const outer = current;
  const own: Evaluation = { vars, stepsLeft: STEP_LIMIT, thrown: undefined };
  current = own;
  try {
    return work();
  } catch (error) {
    throw error !== undefined && error === own.thrown ? new Foreign(error) : error;
  } finally {
    current = outer;
  }
}

/** Carries what a getter of `vars` threw past everything that handles errors of expressions. */
export class Foreign {
  constructor(readonly error: unknown) {}
}

/** Takes `steps` from the evaluation in progress. @throws when none are left, from then on at every call */
export function charge(steps: number): void {
  if ((current.stepsLeft -= steps) < 0) throw outOfSteps;
}

/** The value at `path` in the values of the evaluation in progress; undefined when there is none. */
export function readVar(path: readonly string[]): unknown {
  try {
    return valueAt(current.vars, path);
  } catch (error) {
    current.thrown = error;
    throw error;
  }
}

/** An own member of a value; undefined when it has none of this name. */
export function readMember(owner: Vars, name: string): unknown {
  try {
    return Object.hasOwn(owner, name) ? owner[name] : undefined;
  } catch (error) {
    current.thrown = error;
    throw error;
  }
}

/** The value at `path`, whose names are known from a scope; undefined when something on the way is missing. */
export function valueAt(vars: Vars, path: readonly string[]): unknown {
  let value: unknown = vars;
  for (const name of path) {
    if (value === undefined || value === null) return undefined;
    value = (value as Vars)[name];
  }
  return value;
}

/** What functions run in outside of any evaluation: when literal arguments are tried at load. */
function idle(): Evaluation {
  return { vars: {}, stepsLeft: Infinity, thrown: undefined };
}
