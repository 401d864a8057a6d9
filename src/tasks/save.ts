import type { Template, Vars } from "../model/expression.ts";
import { segmentProblem } from "../model/path_segment.ts";
import { type PendingFile, type SaveFiles, SaveTrouble } from "../runtime/save_files.ts";
import type { SaveSink } from "./body_store.ts";

/** A result could not be saved: code `save`. */
export class SaveError extends Error {
  override readonly name = "SaveError";
}

/** Where a result goes. */
export interface SavePlace {
  /** Absolute. Trusted: nothing of it came from data. */
  readonly root: string;
  /** Directories below the root, then the file's name. */
  readonly segments: readonly string[];
  /** As the config and the report name it. */
  readonly shown: string;
}

/**
 * Renders the path of a `save`. Each value in it is one segment of it or a part of one, so that data can choose a name
 * but never a directory. A relative path stays below `outputDirectory`; a literal absolute one stays below the directory
 * that is written out before its first expression.
 *
 * @throws SaveError when a value is no such name or the path leaves its directory.
 * @throws ExpressionError
 */
export function savePlace(path: Template, vars: Vars, outputDirectory: string): SavePlace {
  const shown = path.renderText(vars, oneSegment);
  const first = path.parts[0];
  const literal = typeof first === "string" ? first : "";
  return placeBelow(literal.startsWith("/") ? path.constant ? shown : literal : "", shown, outputDirectory);
}

/** Where a path leads that was written for the whole run. @throws SaveError when it leaves its directory */
export function fixedPlace(path: string, outputDirectory: string): SavePlace {
  return placeBelow(path.startsWith("/") ? path : "", path, outputDirectory);
}

/** `prefix`: as far as an absolute path is literal; empty for a relative one. */
function placeBelow(prefix: string, shown: string, outputDirectory: string): SavePlace {
  if (prefix === "") return { root: outputDirectory, segments: segmentsOf(shown, shown), shown };
  const root = prefix.slice(0, prefix.lastIndexOf("/")) || "/";
  return { root, segments: segmentsOf(shown.slice(prefix.lastIndexOf("/") + 1), shown), shown };
}

/** The same place has the same text. */
export function placeKey(place: SavePlace): string {
  return [place.root === "/" ? "" : place.root, ...place.segments].join("/");
}

/** A file that is being written, in memory while it is small. */
export interface OpenSave extends SaveSink {
  /** Puts the file in its place: written, synced, renamed. @throws SaveError, nothing stays then. */
  commit(): Promise<void>;
}

/** What is kept in memory before a file is made: most results never touch the disk unless they are committed. */
const memoryBytes = 64 * 1024;

/** Begins to save. Nothing is on disk before a good deal was written or `commit` is called. */
export function openSave(files: SaveFiles, place: SavePlace): OpenSave {
  const directories = place.segments.slice(0, -1);
  const name = place.segments.at(-1)!;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let file: PendingFile | undefined;
  let trouble: unknown;
  let dropped = false;

  function flush(): void {
    file ??= files.create(place.root, directories);
    for (const chunk of waiting) file.write(chunk);
    waiting = [];
    waitingBytes = 0;
  }

  function discard(): void {
    dropped = true;
    waiting = [];
    file?.discard();
  }

  return {
    write(chunk) {
      if (dropped || trouble !== undefined) return;
      waiting.push(chunk.slice());
      waitingBytes += chunk.length;
      if (waitingBytes < memoryBytes) return;
      try {
        flush();
      } catch (error) {
        // The result may still turn out not to be saved at all: it is said when it is committed.
        trouble = error;
      }
    },
    discard,
    async commit() {
      try {
        if (trouble !== undefined) throw trouble;
        if (dropped) throw new SaveTrouble("the result was not received whole");
        flush();
        await file!.commit(name);
      } catch (error) {
        if (!(error instanceof SaveTrouble)) throw error;
        throw new SaveError(`Cannot save to "${place.shown}": ${error.message}`, { cause: error });
      } finally {
        discard();
      }
    },
  };
}

function oneSegment(value: string): string {
  const wrong = segmentProblem(value);
  if (wrong === undefined) return value;
  throw new SaveError(
    `Cannot save: the value ${
      JSON.stringify(value.slice(0, 200))
    } in the path ${wrong}, and a value can only be one name; ` +
      "write slashes outside of ${{ }}, or replace them: ${{ replace(item, '/', '_') }}",
  );
}

/** Splits a path whose values are names; what stands between them was written in the config. */
function segmentsOf(path: string, shown: string): string[] {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) {
      throw new SaveError(
        `Cannot save to "${shown}": it leaves the output directory; write an absolute path`,
      );
    }
  }
  if (segments.length === 0 || /(^|\/)\.{0,2}$/.test(path)) {
    throw new SaveError(`Cannot save to "${shown}": it names no file`);
  }
  return segments;
}
