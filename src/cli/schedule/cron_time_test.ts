import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCronTime } from "./cron_time.ts";

type Sets = readonly (readonly number[] | null)[];

const good: readonly (readonly [source: string, text: string, sets: Sets])[] = [
  ["0 2 * * *", "0 2 * * *", [[0], [2], null, null, null]],
  ["  5   4 1 1 * ", "5 4 1 1 *", [[5], [4], [1], [1], null]],
  ["*/15 8-18/5 * * mon-fri", "*/15 8-18/5 * * mon-fri", [
    [0, 15, 30, 45],
    [8, 13, 18],
    null,
    null,
    [1, 2, 3, 4, 5],
  ]],
  ["0,30 0 1,15 JAN,jul 5-7", "0,30 0 1,15 JAN,jul 0,5,6", [[0, 30], [0], [1, 15], [1, 7], [0, 5, 6]]],
  ["0 0 * * fri-SUN", "0 0 * * 0,5,6", [[0], [0], null, null, [0, 5, 6]]],
  ["0 0 * * 7", "0 0 * * 0", [[0], [0], null, null, [0]]],
  ["0 0 * * */2", "0 0 * * */2", [[0], [0], null, null, [0, 2, 4, 6]]],
  ["@daily", "0 0 * * *", [[0], [0], null, null, null]],
  ["@Weekly", "0 0 * * 0", [[0], [0], null, null, [0]]],
  ["0 0 29 2 *", "0 0 29 2 *", [[0], [0], [29], [2], null]],
];

for (const [source, text, sets] of good) {
  test(`parseCronTime() reads "${source}"`, () => {
    const time = parseCronTime(source);
    assert.ok(!("wrong" in time), JSON.stringify(time));
    assert.equal(time.text, text);
    assert.deepEqual([time.minutes, time.hours, time.days, time.months, time.weekdays], sets);
  });
}

const bad: readonly (readonly [source: string, wrong: RegExp])[] = [
  ["", /five fields/],
  ["0 2 * *", /five fields.*got "0 2 \* \*"/],
  ["0 2 * * * *", /five fields/],
  ["@reboot", /five fields/],
  ["60 2 * * *", /minute "60": expected numbers from 0 to 59/],
  ["0 24 * * *", /hour "24"/],
  ["0 2 0 * *", /day "0": expected numbers from 1 to 31/],
  ["0 2 * 13 *", /month "13": expected numbers from 1 to 12 or jan to dec/],
  ["0 2 * * 8", /weekday "8".*sun to sat/],
  ["0 2 * * montag", /weekday "montag"/],
  ["5/15 2 * * *", /write 5-59\/15/],
  ["*/0 2 * * *", /a step is at least 1/],
  ["*/90 2 * * *", /minute "\*\/90": a step of 90 goes past 59/],
  ["0 8-18/12 * * *", /hour "8-18\/12": a step of 12 goes past 18/],
  ["0 2 * * fri-mon", /goes backwards/],
  ["0 8-2 * * *", /the range 8-2 goes backwards/],
  ["0 2,, * * *", /hour "2,,"/],
  ["0 -2 * * *", /hour "-2"/],
  ["0 0 30 2 *", /day "30" never comes in month "2"/],
  ["0 0 31 apr,jun *", /never comes/],
  ["0 0 */2 * mon", /"and" to one cron and "or" to another/],
];

for (const [source, wrong] of bad) {
  test(`parseCronTime() refuses "${source}"`, () => {
    const time = parseCronTime(source);
    assert.ok("wrong" in time, JSON.stringify(time));
    assert.match(time.wrong, wrong);
  });
}
