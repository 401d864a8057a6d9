import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse as parseCsv } from "csv-parse/sync";
import fc from "fast-check";
import { manualClock } from "../../tests/support/manual_clock.ts";
import { failedResult, sampleReport, sampleResult } from "../../tests/support/sample_run.ts";
import type { Value } from "../model/json.ts";
import { type ReportFormat, reportFormats } from "../model/report_format.ts";
import type { Result } from "../model/result.ts";
import { realDisk } from "../runtime/disk.ts";
import { readReport } from "./read_report.ts";
import { escapeXml } from "./render_junit.ts";
import { renderReport, writeRendered } from "./render_report.ts";
import { type RenderSource, renderSourceOf } from "./render_source.ts";
import { splitReport } from "./split_report.ts";
import { writeReport } from "./write_report.ts";

const root = mkdtempSync(join(tmpdir(), "fanout-render-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));
const ports = { disk: realDisk, clock: manualClock(), random: Math.random };

const results: Result[] = [
  sampleResult(0, { task: "users", key: null, item: null }),
  failedResult(0, "503 from api", { item: { id: 2n ** 60n } }),
  sampleResult(1),
  failedResult(2, "404", { allowed: true }),
  sampleResult(3, { outcome: "not_run", attempts: [], output: null }),
];

async function render(source: RenderSource, format: ReportFormat): Promise<string> {
  return [...await renderReport(source, format, { color: false, width: 80 })].join("");
}

const sample = () => renderSourceOf(sampleReport(results));

/** Data as hostile as it comes, in every place where data stands. */
const evil = `</pre><script>alert(1)</script>"'&]]>|\`=1+1\x00\x1b[2J\u202e\ud800\ufffe\n,"x`;
const evilSample = () =>
  renderSourceOf(sampleReport([
    failedResult(0, evil, { key: evil, item: { [evil]: evil }, output: { body: evil, saved: evil } }),
    sampleResult(1, { key: null, item: evil, target: evil }),
  ]));

test("renderReport(json) is what writeReport() writes, and reads back the same", async () => {
  const path = join(root, "report.json");
  await writeReport(sampleReport(results), path, ports);
  const text = readFileSync(path, "utf8");
  assert.equal(await render(sample(), "json"), text);
  const reading = readReport(path, realDisk);
  assert.ok(reading.ok);
  assert.equal(await render(reading.source, "json"), text);
  assert.equal(await render(reading.source, "csv"), await render(sample(), "csv"));
  reading.close();
});

test("readReport() reads a report however it is indented, and names what is none", () => {
  const report = {
    ...sampleReport([]).head,
    more: { results: [1] },
    results: [{ a: '],"}' }, 2, [], "x"],
    after: { b: [] },
  };
  const path = join(root, "other.json");
  for (const indent of [0, 2]) {
    writeFileSync(path, JSON.stringify(report, null, indent));
    const reading = readReport(path, realDisk);
    assert.ok(reading.ok);
    const { results, ...head } = report;
    assert.deepEqual(reading.source.head as unknown, head);
    assert.deepEqual([...reading.source.resultTexts()].map((text) => JSON.parse(text)), results);
    reading.close();
  }
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{}", /is no report of fanout/],
    ["[]", /is no report of fanout/],
    ["null", /is no report of fanout/],
    ["", /is not JSON/],
    ["name: nightly", /is not JSON/],
    ['{"schema":"fanout.report/1","results":[1,', /is not JSON/],
    ['{"schema":"fanout.report/1","results":[]}', /is no whole report of fanout: it has no proper "run"/],
    [JSON.stringify({ ...report, summary: { ...report.summary, ok: "3" } }), /no proper "summary\.ok"/],
    [JSON.stringify({ ...report, advice: {} }), /no proper "advice"/],
  ];
  for (const [text, message] of cases) {
    writeFileSync(path, text);
    const reading = readReport(path, realDisk);
    assert.ok(!reading.ok && message.test(reading.message), `${text}: ${JSON.stringify(reading)}`);
  }
  assert.match(
    (readReport(join(root, "none"), realDisk) as { message: string }).message,
    /there is no such file/,
  );
});

test("splitReport() gives the same parts wherever its blocks are cut", () => {
  const value = fc.jsonValue();
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 8 }),
      value,
      fc.integer({ min: 1, max: 40 }),
      (list, other, size) => {
        const bytes = new TextEncoder().encode(JSON.stringify({ other, results: list, last: '\\"' }));
        const blocks = [];
        for (let at = 0; at < bytes.length; at += size) blocks.push(bytes.subarray(at, at + size));
        const found = { head: "", result: [] as unknown[] };
        for (const { kind, bytes } of splitReport(blocks)) {
          const text = Buffer.from(bytes).toString("latin1");
          if (kind === "head") found.head += text;
          else found.result.push(JSON.parse(Buffer.from(bytes).toString()));
        }
        assert.deepEqual(found.result, JSON.parse(JSON.stringify(list)));
        assert.deepEqual(
          JSON.parse(Buffer.from(found.head, "latin1").toString()),
          JSON.parse(JSON.stringify({ other, results: [], last: '\\"' })),
        );
      },
    ),
  );
});

test("renderReport(csv) has a line for each task run; data computes nothing in a spreadsheet", async () => {
  const rows = parseCsv(await render(sample(), "csv"), { columns: true }) as Record<string, string>[];
  assert.equal(rows.length, 5);
  assert.deepEqual(
    [rows[1]!.task, rows[1]!.item, rows[1]!.errorCode, rows[1]!.attempts],
    ["details", '{"id":1152921504606846976}', "http_status", "1"],
  );
  const cells: readonly (readonly [Value, string])[] = [
    ["=1+1", "'=1+1"],
    ["@x", "'@x"],
    ["-x", "'-x"],
    ["-5.2", "-5.2"],
    [-5, "-5"],
    ['a"b,c\r\n', 'a"b,c\r\n'],
    [null, ""],
  ];
  for (const [item, cell] of cells) {
    const text = await render(renderSourceOf(sampleReport([sampleResult(0, { item })])), "csv");
    assert.equal((parseCsv(text, { columns: true }) as Record<string, string>[])[0]!.item, cell);
  }
});

test("renderReport(junit) counts as the report does, and passes over what was allowed", async () => {
  const text = await render(sample(), "junit");
  assert.match(
    text,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="nightly" tests="5" failures="1" errors="1" skipped="1" time="12\.400">/,
  );
  assert.match(text, /<testsuite name="details" tests="4" failures="1" errors="1" skipped="1"/);
  assert.match(text, /<testcase name="users" classname="nightly.users" time="0.020"\/>/);
  assert.match(text, /<failure message="503 from api" type="http_status">/);
  assert.match(text, /<skipped message="allowed failure: 404"\/>/);
});

test("escapeXml() leaves only characters that XML 1.0 has", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(escapeXml(text), /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff<>"']|&(?!#\d+;)/);
    assert.ok(escapeXml(text).isWellFormed());
  }));
});

test("renderReport(prometheus) has valid lines, each metric described once", async () => {
  for (const source of [sample(), evilSample()]) {
    const text = await render(source, "prometheus");
    for (const line of text.trimEnd().split("\n")) {
      assert.match(
        line,
        /^(?:# (?:HELP|TYPE) fanout_\w+ .+|fanout_\w+\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\} -?[\d.e+]+)$/,
      );
    }
    const described = text.match(/# TYPE \w+/g)!;
    assert.equal(new Set(described).size, described.length);
  }
  assert.match(
    await render(sample(), "prometheus"),
    /fanout_task_runs\{name="nightly",outcome="failed"\} 2\n/,
  );
});

test("renderReport(html) forbids the browser everything but its own style", async () => {
  const text = await render(evilSample(), "html");
  const style = /<style>([^]*?)<\/style>/.exec(text)![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  assert.ok(
    text.includes(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    ),
  );
  assert.doesNotMatch(text, /<script|<img|<link|<iframe|javascript:|\son\w+=|\sstyle=|https?:/i);
});

test("renderReport(html) shows everything once, the failures first of all", async () => {
  const text = await render(sample(), "html");
  assert.equal(text.match(/<details class="run/g)!.length, 5);
  assert.match(text, /<span class="status failed">failed<\/span>/);
  assert.match(text, /<h2>First failure<\/h2>\n<p>details\[0\]<\/p>/);
});

test("renderReport(markdown) is tables whose cells cannot break out", async () => {
  for (const source of [sample(), evilSample()]) {
    const text = await render(source, "markdown");
    for (const line of text.split("\n").filter((line) => line.startsWith("|"))) {
      assert.match(line, /^\| [^<>`]+ \|$/);
    }
    const failures = text.slice(text.indexOf("### Failures")).split("\n").filter((line) =>
      line.startsWith("|")
    );
    for (const line of failures) assert.equal(line.split("|").length, 6, line);
  }
});

test("renderReport(text) ends with a line for each failure", async () => {
  const text = await render(sample(), "text");
  assert.match(
    text,
    /\ndetails\[0\] failed http_status: 503 from api\ndetails\[2\] failed \(allowed\) http_status: 404\n$/,
  );
});

test("renderReport(text) cuts lines to fit a terminal, and only there", async () => {
  const source = renderSourceOf(sampleReport([failedResult(0, "x".repeat(300))]));
  const lastLine = async (width: number | null) => {
    const pieces = await renderReport(source, "text", { color: false, width });
    return [...pieces].join("").trimEnd().split("\n").at(-1)!;
  };
  assert.equal(await lastLine(80), `details[0] failed http_status: ${"x".repeat(48)}…`);
  assert.equal(await lastLine(null), `details[0] failed http_status: ${"x".repeat(300)}`);
});

for (const format of reportFormats) {
  test(`renderReport(${format}) lets no control character of the data through`, async () => {
    const text = await render(evilSample(), format);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, format === "csv" ? /\ud800/ : /[\x00-\x08\x0b\x0c\x0e-\x1f]/);
    assert.ok(text.isWellFormed());
    if (["html", "junit", "markdown"].includes(format)) assert.doesNotMatch(text, /<script/);
  });
}

test("renderReport() leaves out what a page has no room for, and says how much", async () => {
  const many = Array.from({ length: 1300 }, (_, index) => failedResult(index, "no"));
  const source = renderSourceOf(sampleReport(many));
  assert.match(await render(source, "html"), /300 more are not on this page/);
  assert.match(await render(source, "markdown"), /… and 1,250 more/);
  assert.match(await render(source, "text"), /… and 1,200 more\n$/);
});

test("writeRendered() keeps its files private, but for those that other programs read", async () => {
  const modes = { html: 0o600, json: 0o600, junit: 0o644, prometheus: 0o644 } as const;
  for (const [format, mode] of Object.entries(modes)) {
    const path = join(root, `mode.${format}`);
    await writeRendered(sample(), format as ReportFormat, path, ports);
    assert.equal(statSync(path).mode & 0o777, mode, format);
    chmodSync(path, 0o640);
    await writeRendered(sample(), format as ReportFormat, path, ports);
    assert.equal(statSync(path).mode & 0o777, mode === 0o644 ? 0o640 : 0o600, format);
  }
});
