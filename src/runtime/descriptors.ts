import { closeSync, openSync } from "node:fs";

/** The system's word (`EMFILE`, `ENFILE`) when no file can be opened now for want of descriptors; else undefined. */
export function outOfDescriptors(): string | undefined {
  try {
    closeSync(openSync("/dev/null", "r"));
    return undefined;
  } catch (error) {
    const code = (error as { code?: string }).code;
    return code === "EMFILE" || code === "ENFILE" ? code : undefined;
  }
}
