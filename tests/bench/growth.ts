import { writtenCount } from "../../src/model/written.ts";
import { liveBytes } from "./live_bytes.ts";
import { measure } from "./measure.ts";
import type { Workshop } from "./workshop.ts";

/** What fanout takes for more and more task runs of one sort. */
export interface Growth {
  readonly title: string;
  measure(): Promise<GrowthPoint[]>;
}

/** @see Growth */
export interface GrowthPoint {
  readonly count: number;
  readonly wallMs: number;
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  /** Still in use at the end of the run, after a full collection; null when it was not looked at. */
  readonly liveBytes: number | null;
}

/** Runs of ten thousand, a hundred thousand and a million; `quick` leaves out the million. */
export function growth(
  workshop: Workshop,
  { quick, long }: { readonly quick: boolean; readonly long: boolean },
): Growth[] {
  const upTo = (most: number) => [10_000, 100_000, 1_000_000].filter((count) => count <= most);
  const readFiles = (count: number) =>
    `tasks: { read: { foreach: { range: "1..${count}" }, file: { path: growth.yaml, format: bytes } } }`;
  const get = (count: number) =>
    `targets: { api: { http: { baseUrl: "${workshop.nginx}" }, concurrency: 50 } }
tasks: { get: { target: api, foreach: { range: "1..${count}" }, http: { url: "/f?n=\${{ item }}" } } }`;
  return [
    series("file task runs, 8 at a time", upTo(quick ? 100_000 : 1_000_000), readFiles, workshop),
    ...(workshop.nginx === null
      ? []
      : [series("HTTP task runs, 50 at a time", upTo(long ? 1_000_000 : 100_000), get, workshop)]),
  ];
}

function series(
  what: string,
  counts: readonly number[],
  yaml: (count: number) => string,
  workshop: Workshop,
): Growth {
  return {
    title: `Growth: ${counts.map(writtenCount).join(", ")} ${what}`,
    async measure() {
      const points: GrowthPoint[] = [];
      for (const count of counts) {
        const config = workshop.config("growth", yaml(count));
        const { wallMs, cpuMs, peakBytes } = await measure(workshop.run(config), workshop.directory);
        points.push({ count, wallMs, cpuMs, peakBytes, liveBytes: await liveBytes(config, workshop) });
        await Deno.remove(`${workshop.directory}/state`, { recursive: true });
      }
      return points;
    },
  };
}
