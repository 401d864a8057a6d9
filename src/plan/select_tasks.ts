import { hint } from "../model/near.ts";

/** What selection needs to know of a task. */
export interface Selectable {
  readonly name: string;
  /** Names of the tasks it needs, `foreach.from` included. */
  readonly needs: readonly string[];
  /** Its inputs have names of their own. */
  readonly hasKey: boolean;
}

/** Which tasks are run, and of those which inputs. */
export interface Selection {
  /** Selected names and what they need: the keys to run, null for all of them. */
  readonly tasks: ReadonlyMap<string, readonly string[] | null>;
  /** Parts of the list that name no task, each as a sentence. */
  readonly problems: readonly string[];
}

/**
 * Reads `--only a,b/KEY`: task `a`, of `b` the input with this key, and all that these need, directly or through others.
 * A needed task is run whole unless the list itself names keys of it. A comma belongs to a KEY unless the name of a task
 * follows it. Without `only` every task is selected.
 */
export function selectTasks(all: readonly Selectable[], only: readonly string[] | null): Selection {
  if (only === null) return { tasks: new Map(all.map((task) => [task.name, null])), problems: [] };
  const byName = new Map(all.map((task) => [task.name, task]));
  const chosen = new Map<string, readonly string[] | null>();
  const problems: string[] = [];
  for (const part of only.flatMap((text) => splitList(text, byName))) {
    const slash = part.indexOf("/");
    const name = slash < 0 ? part : part.slice(0, slash);
    if (!byName.has(name)) {
      problems.push(`--only names no task "${name}"${hint(name, [...byName.keys()], "tasks")}`);
      continue;
    }
    if (slash >= 0 && !byName.get(name)!.hasKey) {
      problems.push(
        `--only ${part}: task "${name}" has no "key", so its inputs have no names; add one to it`,
      );
      continue;
    }
    const known = chosen.get(name);
    if (slash < 0) chosen.set(name, null);
    else if (known !== null) chosen.set(name, [...(known ?? []), part.slice(slash + 1)]);
  }
  if (chosen.size === 0 && problems.length === 0) {
    problems.push("--only names no task: give one, or leave it out");
  }
  return { tasks: withNeeds(chosen, byName), problems };
}

/** Splits at commas, but not within a KEY: `b/x,y,c` is `b/x,y` and `c` where `c` is a task. */
function splitList(text: string, byName: ReadonlyMap<string, Selectable>): string[] {
  const parts: string[] = [];
  for (const piece of text.split(",")) {
    const name = piece.split("/", 1)[0]!.trim();
    const last = parts.at(-1);
    if (last?.includes("/") && !byName.has(name)) parts[parts.length - 1] = `${last},${piece}`;
    else parts.push(piece.includes("/") ? piece.trimStart() : name);
  }
  return parts.filter((part) => part !== "");
}

function withNeeds(
  chosen: ReadonlyMap<string, readonly string[] | null>,
  byName: ReadonlyMap<string, Selectable>,
): Map<string, readonly string[] | null> {
  const tasks = new Map(chosen);
  const open = [...chosen.keys()];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const need of byName.get(name)?.needs ?? []) {
      if (tasks.has(need)) continue;
      tasks.set(need, null);
      open.push(need);
    }
  }
  return tasks;
}
