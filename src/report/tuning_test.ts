import assert from "node:assert/strict";
import { test } from "node:test";
import { isWorthMore, type Measured, recommend, tuneTable } from "./tuning.ts";

/** Concurrency, pace, latency, share of errors, share of losses when it is another one. */
function measured(...rows: readonly (readonly [number, number, number, number?, number?])[]): Measured[] {
  return rows.map(([concurrency, perSecond, ms, share = 0, lost = share]): Measured => ({
    concurrency,
    samples: 100,
    perSecond,
    p50Ms: ms,
    p99Ms: 2 * ms,
    errors: share * 100,
    losses: lost * 100,
    errorCodes: { http_status: share * 100 },
  }));
}

function withLosses(row: readonly [number, number, number], losses: number, samples: number): Measured {
  return { ...measured(row)[0]!, samples, errors: losses, losses, errorCodes: { http_status: losses } };
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
    /^38\.0 a second is the best pace without more failures; at 8 at a time 40 % fail$/,
  ],
  [
    "one that fails when it is pushed beyond its knee",
    measured([1, 10, 100], [2, 20, 100], [4, 38, 100], [8, 40, 200], [16, 120, 60, 0.4]),
    4,
    /^38\.0 a second is 95 % of the best pace without more failures, which takes 8 .*; at 16 at a time 40 % fail$/,
  ],
  [
    "one that fails when it is pushed, but is no faster then",
    measured([1, 10, 100], [2, 20, 100], [4, 19, 200, 0.4]),
    2,
    /^20\.0 a second is the best pace; at 4 at a time 40 % fail$/,
  ],
  [
    "inputs that fail at any concurrency, none of them in the sample of one at a time",
    [
      withLosses([1, 3, 330], 0, 9),
      withLosses([2, 5.6, 330], 1, 17),
      withLosses([4, 11, 330], 1, 33),
      withLosses([8, 24.5, 330], 2, 57),
    ],
    8,
    /^24\.5 a second is the best pace$/,
  ],
  [
    "a few losses, though all that there was",
    [withLosses([1, 3, 330], 0, 100), withLosses([2, 6, 330], 4, 12)],
    2,
    /^6\.0 a second is the best pace$/,
  ],
  [
    "five losses in ten attempts",
    [withLosses([1, 3, 330], 0, 100), withLosses([2, 6, 330], 5, 10)],
    1,
    /^3\.0 a second is the best pace without more failures; at 2 at a time 50 % fail$/,
  ],
  [
    "one that is down for two at a time, in few attempts",
    [withLosses([1, 1, 999], 0, 3), withLosses([2, 900, 1], 4, 4)],
    1,
    /^1\.0 a second is the best pace without more failures; at 2 at a time 100 % fail$/,
  ],
  [
    "losses that are more, but not significantly",
    [withLosses([1, 3, 330], 2, 30), withLosses([2, 6, 330], 6, 50)],
    2,
    /best pace$/,
  ],
  [
    "losses that are significantly more, but one in two hundred",
    [withLosses([1, 30, 330], 0, 2_000), withLosses([2, 60, 330], 10, 2_000)],
    2,
    /best pace$/,
  ],
  [
    "many errors that say nothing of load",
    measured([1, 10, 100], [2, 20, 100, 0.4, 0], [4, 40, 100, 0.4, 0.01]),
    4,
    /^40\.0 a second is the best pace$/,
  ],
  [
    "one that is as fast, but for noise",
    measured([1, 100, 10], [2, 101, 20]),
    1,
    /^100 a second is about the best pace$/,
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
