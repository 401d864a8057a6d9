import type { Vars } from "../model/expression.ts";
import type { SaveFiles } from "../runtime/save_files.ts";
import type { Body } from "../tasks/body.ts";
import type { SaveSink } from "../tasks/body_store.ts";
import { fixedPlace, openSave, placeKey, SaveError, type SavePlace, savePlace } from "../tasks/save.ts";
import type { SaveOwner, SaveRegister } from "../tasks/save_register.ts";
import type { Program } from "./program.ts";

/** What saves of one run share. */
export interface SaveContext {
  readonly files: SaveFiles;
  /** Absolute; relative paths of `save` stay below it. */
  readonly outputDirectory: string;
  readonly register: SaveRegister;
  /** By position in the plan. */
  readonly taskNames: readonly string[];
}

/** The file of one attempt, until it is committed or dropped. */
export interface PendingSave {
  /** Takes the bytes as they come; null when the place is known only after the result. */
  readonly sink: SaveSink | null;
  /** The whole content is wanted at `commit`. */
  readonly needsContent: boolean;
  /**
   * Writes it, unless `save.if` says no. `vars` has the result's fields.
   *
   * @returns the path as the config names it, or null when it was not saved
   * @throws SaveError, ExpressionError
   */
  commit(vars: Vars, body: Body | null): Promise<string | null>;
  /** After `commit`, or instead of it. */
  discard(): void;
}

/** Prepares to save the result of one attempt; null for a task that saves nothing. */
export function startSave(
  program: Program,
  vars: Vars,
  owner: SaveOwner,
  context: SaveContext,
): PendingSave | null {
  const { save } = program;
  if (save === null) return null;
  const isEarly = ![...save.path.names].some((name) => program.resultFields.has(name.split(".")[0]!));
  const early = isEarly ? savePlace(save.path, vars, context.outputDirectory) : null;
  const open = early === null ? null : openSave(context.files, early);
  return {
    sink: open,
    needsContent: open === null,
    async commit(resultVars, body) {
      if (save.condition !== null && !save.condition.holds(resultVars)) return null;
      if (body === null) throw new SaveError(`a result of ${program.task.kind} has nothing to save`);
      const place = early ?? savePlace(save.path, resultVars, context.outputDirectory);
      const clash = claim(owner, place, context);
      if (clash !== null) throw new SaveError(clash);
      const file = open ?? openSave(context.files, place);
      if (open === null) file.write(body.finish().content ?? new Uint8Array());
      await file.commit();
      return place.shown;
    },
    discard: () => open?.discard(),
  };
}

/** Takes the place of what an earlier run saved, for the task run that stands for it now. Gives why it cannot. */
export function claimSaved(owner: SaveOwner, shown: string, context: SaveContext): string | null {
  return claim(owner, fixedPlace(shown, context.outputDirectory), context);
}

/** Null, or that somebody else has the place. */
function claim(owner: SaveOwner, place: SavePlace, { register, taskNames }: SaveContext): string | null {
  const other = register.claim(placeKey(place), owner);
  if (other === undefined) return null;
  const named = ({ task, index }: SaveOwner) => `input ${index} of "${taskNames[task]}"`;
  const who = typeof other === "string" ? `it is ${other}` : `${named(other)} saves there`;
  return `Cannot save ${named(owner)} to "${place.shown}": ${who}; give each its own path`;
}
