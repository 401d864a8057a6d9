import { fileURLToPath } from "node:url";
import process from "node:process";

/** Command line that starts this very program again, as one of its helpers (`__sqlite`), in whichever form it runs now. */
export function helperCommand(name: string): { readonly program: string; readonly args: readonly string[] } {
  const [program, ...args] = programCommand();
  return { program: program!, args: [...args, name] };
}

/** Command line that starts this very program again: one word for a compiled one, its path absolute. */
export function programCommand(): readonly string[] {
  const program = process.execPath;
  if (isCompiled()) return [program];
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return deno ? [program, "run", "-A", "-q", "--no-config", "--no-lock", main] : [program, main];
}

const deno = (globalThis as { Deno?: { build: { standalone: boolean } } }).Deno;

/** A compiled program has no source file that could be started. */
function isCompiled(): boolean {
  return deno?.build.standalone ?? /[/\\](\$bunfs|~BUN)[/\\]/.test(import.meta.url);
}
