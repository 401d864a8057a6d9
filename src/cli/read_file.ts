import type { SourceFiles } from "../runtime/ports.ts";
import { UsageError } from "./command.ts";

/** The whole of a file named on the command line. @throws UsageError when it cannot be read or is larger than `maxBytes`. */
export async function readFile(sources: SourceFiles, path: string, maxBytes: number): Promise<Uint8Array> {
  const facts = await sources.probe(path);
  if (!facts.readable) throw new UsageError(`cannot read ${path}: ${facts.why}`);
  if (facts.bytes > maxBytes) {
    throw new UsageError(`${path} has ${facts.bytes} bytes, and at most ${maxBytes} are read`);
  }
  const chunks: Uint8Array[] = [];
  const reader = sources.open(path);
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      chunks.push(chunk.slice());
    }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  } finally {
    reader.close();
  }
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
