import assert from "node:assert/strict";
import { test } from "node:test";
import { isWorthMore, type Measured, recommend, tuneTable } from "./tuning.ts";

/** Concurrency, pace, latency, share of errors. */
function measured(...rows: readonly (readonly [number, number, number, number?])[]): Measured[] {
  return rows.map(([concurrency, perSecond, ms, share = 0]): Measured => ({
    concurrency,
    samples: 100,
    perSecond,
    p50Ms: ms,
    p99Ms: 2 * ms,
    errors: share * 100,
    errorCodes: { http_status: share * 100 },
  }));
}

const cases: readonly (readonly [what: string, measured: Measured[], knee: number | null, why: RegExp])[] = [
  [
    "a target that serves eight at a time",
    measured([1, 19, 50], [2, 37, 50], [4, 71, 50], [8, 143, 50], [16, 152, 100], [32, 151, 200], [
      64,
      154,
      400,
    ]),
    8,
    /^143 a second is 94 % of the best pace, which takes 16 at a time and 100ms each instead of 50ms$/,
  ],
  [
    "one that takes everything",
    measured([1, 10, 100], [2, 20, 100], [4, 40, 100]),
    4,
    /^40\.0 a second is the best pace$/,
  ],
  ["one that more at a time slows down", measured([1, 50, 20], [2, 30, 60], [4, 10, 400]), 1, /best pace$/],
  [
    "one that fails when it is pushed",
    measured([1, 10, 100], [2, 20, 100], [4, 38, 100], [8, 120, 60, 0.4]),
    4,
    /^38\.0 a second is the best pace; at 8 at a time 40 % fail$/,
  ],
  ["one that always fails a little", measured([1, 10, 100, 0.1], [2, 20, 100, 0.1]), 2, /best pace$/],
  ["one that is down", measured([1, 900, 1, 1]), null, /$/],
  [
    "one that never answered",
    [{ ...measured([1, 0, 0])[0]!, samples: 0, p50Ms: null, p99Ms: null }],
    null,
    /$/,
  ],
  ["nothing", [], null, /$/],
];

for (const [what, given, knee, why] of cases) {
  test(`recommend() for ${what} is ${knee}`, () => {
    const found = recommend(given);
    assert.equal(found?.concurrency ?? null, knee);
    assert.match(found?.why ?? "", why);
  });
}

test("isWorthMore() goes on while pace grows, and ends after two steps without", () => {
  const rows = [[1, 10, 1], [2, 20, 1], [4, 40, 1], [8, 41, 1], [16, 41, 1]] as const;
  const goesOn = rows.map((_, i) => isWorthMore(measured(...rows.slice(0, i + 1))));
  assert.deepEqual(goesOn, [true, true, true, true, false]);
  assert.equal(isWorthMore(measured([1, 900, 1, 0.6])), false);
  const silent = [{ ...measured([1, 0, 0])[0]!, samples: 0 }];
  assert.equal(isWorthMore(silent), false);
});

test("tuneTable() lines up its columns and marks the knee", () => {
  const rows = measured([1, 19.04, 50], [2, 1234, 51.4], [64, 617, 1500, 0.25]);
  assert.equal(
    tuneTable(rows, 2),
    `at a time  per second     p50    p99     errors  attempts
        1        19.0    50ms  100ms          0       100
        2       1,234  51.4ms  103ms          0       100  ██████████████████████████████ ← knee
       64         617    1.5s     3s  25 (25 %)       100  ███████████████
`,
  );
});
