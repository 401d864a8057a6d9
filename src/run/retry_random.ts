/**
 * A number in [0, 1) from the run's seed, a task run's identity and the attempt, so that the order in which things
 * happen does not change how long anything waits (FNV-1a, then a finalizer).
 */
export function retryRandom(seed: number, id: string, attempt: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  const mix = (value: number) => hash = Math.imul(hash ^ value, 0x01000193) >>> 0;
  for (let i = 0; i < id.length; i++) mix(id.charCodeAt(i));
  mix(attempt);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4294967296;
}
