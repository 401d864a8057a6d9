import { realClock } from "./clock.ts";
import type { Ports } from "./ports.ts";

/** The machine as it is. */
export function realPorts(): Ports {
  return { clock: realClock, random: Math.random };
}
