import { conditionOf } from "../model/condition.ts";
import type { Value } from "../model/json.ts";
import { canonicalJson } from "../model/json.ts";
import type { ForeachPlan } from "../model/plan.ts";
import type { Clock } from "../runtime/ports.ts";
import { shortHash } from "../runtime/hash.ts";
import { compileValue, expressionMessage } from "./compile.ts";
import type { InputContext } from "./context.ts";
import { FingerprintMap } from "./fingerprints.ts";
import { end, Fault, isItem, type ItemSource, type Pulled } from "./items.ts";
import { pause } from "./pause.ts";

/** Applies `where`, `unique`, `batch` and `empty`. A fault that concerns one item passes, and those after it too. */
export function chooseItems(source: ItemSource, foreach: ForeachPlan, context: InputContext): ItemSource {
  let items = source;
  if (foreach.where !== null) items = chooseWhere(items, foreach, foreach.where, context);
  if (foreach.unique) items = chooseUnique(items, context.clock);
  if (foreach.batch !== null) items = gatherBatches(items, foreach.batch, context.clock);
  return foreach.empty === "fail" ? refuseNone(items, foreach, context.clock) : items;
}

function chooseWhere(
  items: ItemSource,
  foreach: ForeachPlan,
  source: string,
  context: InputContext,
): ItemSource {
  const name = foreach.as ?? "item";
  const where = conditionOf(compileValue(context, source, ["item", name, "index"]));
  const vars: { [name: string]: unknown } = { ...context.vars, index: -1 };
  let index = 0;
  return passItems(items, context.clock, (pulled) => {
    if (!isItem(pulled)) return pulled;
    vars.item = vars[name] = pulled;
    vars.index = index++;
    try {
      return where.holds(vars) ? pulled : undefined;
    } catch (error) {
      return new Fault(`where: ${expressionMessage(error)}`, pulled);
    }
  });
}

/** Remembers 64 bits of each item's SHA-256: 16 to 24 MB at a million items. */
function chooseUnique(items: ItemSource, clock: Clock): ItemSource {
  const seen = new FingerprintMap();
  return passItems(items, clock, (pulled) => {
    if (!isItem(pulled)) return pulled;
    return seen.add(shortHash(canonicalJson(pulled)), 1) === undefined ? pulled : undefined;
  });
}

/** The last batch is as long as it happens to be; so is one before the place where the source broke. */
function gatherBatches(items: ItemSource, size: number, clock: Clock): ItemSource {
  let batch: Value[] = [];
  let held: Pulled | undefined;
  const takeBatch = () => {
    const full = batch;
    batch = [];
    return full;
  };
  const batches = passItems(items, clock, (pulled) => {
    if (isItem(pulled)) return batch.push(pulled) < size ? undefined : takeBatch();
    if (batch.length === 0 || (pulled instanceof Fault && !pulled.isFinal)) return pulled;
    held = pulled;
    return takeBatch();
  });
  return {
    next() {
      if (held === undefined) return batches.next();
      const last = held;
      held = undefined;
      return last;
    },
    close: batches.close,
    count: items.count === undefined ? undefined : Math.ceil(items.count / size),
  };
}

function refuseNone(items: ItemSource, foreach: ForeachPlan, clock: Clock): ItemSource {
  let isEmpty = true;
  return {
    ...passItems(items, clock, (pulled) => {
      if (pulled === end && isEmpty) return new Fault(noItemsMessage(foreach));
      isEmpty = false;
      return pulled;
    }),
    count: items.count === 0 ? 1 : items.count,
  };
}

function noItemsMessage(foreach: ForeachPlan): string {
  const what = foreach.source === "glob" ? `no file matches "${foreach.pattern}"` : "there are no items";
  const filter = foreach.where === null ? "" : ` for which "${foreach.where}" holds`;
  return `${what}${filter}; if that is as it should be, write "empty: ok"`;
}

/** So many items may be passed over before everything else gets a turn. */
const skipsPerTurn = 4_096;

/** Puts every pulled thing through `pass`, which gives undefined for what is left out. */
function passItems(
  items: ItemSource,
  clock: Clock,
  pass: (pulled: Pulled) => Pulled | undefined,
): ItemSource {
  function next(): Pulled | Promise<Pulled> {
    for (let skips = 0; skips < skipsPerTurn; skips++) {
      const pulled = items.next();
      if (pulled instanceof Promise) return passLater(pulled);
      const passed = pass(pulled);
      if (passed !== undefined) return passed;
    }
    return passLater(pause(clock).then(() => items.next()));
  }

  async function passLater(pending: Promise<Pulled>): Promise<Pulled> {
    let pulled = await pending;
    for (let skips = 1;; skips++) {
      const passed = pass(pulled);
      if (passed !== undefined) return passed;
      if (skips % skipsPerTurn === 0) await pause(clock);
      pulled = await items.next();
    }
  }

  return { next, close: () => items.close() };
}
