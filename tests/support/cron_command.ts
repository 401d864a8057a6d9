/**
 * What cron hands to `sh` of a line's command: an escaped `%` loses its backslash, a bare one would end the command (it
 * throws), and of two backslashes some crons keep one (Vixie's), others both (cronie).
 */
export function cronCommand(text: string, twoBackslashes: "one" | "both"): string {
  return text.replace(/\\(.?)|%/gs, (found, next: string | undefined) => {
    if (found === "%") throw new Error(`a bare % ends the command: ${text}`);
    return next === "%" || (next === "\\" && twoBackslashes === "one") ? next : found;
  });
}
