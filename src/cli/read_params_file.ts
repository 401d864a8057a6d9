import type { ValueMap } from "../model/json.ts";
import { isValueMap } from "../model/json.ts";
import type { SourceFiles } from "../runtime/ports.ts";
import { UsageError } from "./command.ts";
import { readFile } from "./read_file.ts";

const maxBytes = 10_000_000;

/** `--params FILE`: a YAML or JSON map of values. @throws UsageError */
export async function readParamsFile(
  sources: SourceFiles,
  name: string,
  path: string,
): Promise<{ path: string; values: ValueMap }> {
  const text = new TextDecoder().decode(await readFile(sources, path, maxBytes));
  const { parse } = await import("yaml");
  let values: unknown;
  try {
    values = parse(text, { maxAliasCount: 10_000 });
  } catch (error) {
    throw new UsageError(`--params ${name}: ${(error as Error).message.split("\n")[0]}`);
  }
  if (!isValueMap(values)) throw new UsageError(`--params ${name} has to be a map of names to values`);
  return { path: name, values };
}
