/** Uniform in [0, 1); the machine's own, not for secrets. */
export function realRandom(): number {
  return Math.random();
}
