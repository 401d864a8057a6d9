import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDate } from "./format_date.ts";

test("formatDate() writes every directive", () => {
  const time = new Date("2027-01-03T13:04:05.006Z");
  const table: readonly [format: string, expected: string][] = [
    ["%Y %C %y %m %d %e %j", "2027 20 27 01 03  3 003"],
    ["%H %I %M %S %L %f %p", "13 01 04 05 006 006000 PM"],
    ["%B %b %h %A %a %u %w", "January Jan Jan Sunday Sun 7 0"],
    ["%G-W%V %U %W", "2026-W53 01 00"],
    ["%s %z %:z", "1798981445 +0000 +00:00"],
    ["%F %T %R %D", "2027-01-03 13:04:05 13:04 01/03/27"],
    ["%-d.%-m. %-H %-e %-j", "3.1. 13 3 3"],
    ["100%% %n%t|", "100% \n\t|"],
    ["no directive", "no directive"],
  ];
  for (const [format, expected] of table) assert.equal(formatDate(time, format, "UTC"), expected, format);
});

test("formatDate() shows the clock on the wall of a zone, over changes of the clocks and of years", () => {
  const table: readonly [time: string, zone: string, expected: string][] = [
    ["2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-29 01:59:59 +0100"],
    ["2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29 03:00:00 +0200"],
    ["2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 +0200"],
    ["2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 +0100"],
    ["2026-12-31T23:59:59Z", "Pacific/Kiritimati", "2027-01-01 13:59:59 +1400"],
    ["2026-01-01T00:00:00Z", "America/St_Johns", "2025-12-31 20:30:00 -0330"],
    ["2026-01-01T00:00:00Z", "America/New_York", "2025-12-31 19:00:00 -0500"],
    ["0099-06-01T00:00:00Z", "UTC", "0099-06-01 00:00:00 +0000"],
  ];
  for (const [time, zone, expected] of table) {
    assert.equal(formatDate(new Date(time), "%F %T %z", zone), expected, `${time} ${zone}`);
  }
});

test("formatDate() numbers weeks as ISO 8601 does", () => {
  const table: readonly [day: string, week: string][] = [
    ["2024-12-29", "2024-W52-7"],
    ["2024-12-30", "2025-W01-1"],
    ["2026-12-31", "2026-W53-4"],
    ["2027-01-03", "2026-W53-7"],
    ["2027-01-04", "2027-W01-1"],
  ];
  for (const [day, week] of table) assert.equal(formatDate(new Date(day), "%G-W%V-%u", "UTC"), week, day);
});
