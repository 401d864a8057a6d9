/**
 * How fast fanout is, beside what people use instead: `deno task bench`. Everything of one comparison runs in one sitting,
 * one after the other and again from the beginning, so that a busy machine troubles all alike; what is shown are medians.
 *
 * It measures and never judges: nothing here fails because something was slow.
 *
 * - `--quick`: a tenth of the work in one round, printed only.
 * - `--long`: also a million HTTP requests.
 * - `--only WORD`: the comparisons whose title holds this word, printed only.
 */
import { parseArgs } from "node:util";
import { compare } from "./compare.ts";
import { comparisons } from "./comparisons.ts";
import { growth } from "./growth.ts";
import { describeMachine } from "./machine.ts";
import { comparisonText, growthText, performancePage } from "./performance_page.ts";
import { openWorkshop } from "./workshop.ts";

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean" }, long: { type: "boolean" }, only: { type: "string" } },
});
const rounds = flags.quick ? 1 : 5;
const page = new URL("../../docs/performance.md", import.meta.url);

const machine = await describeMachine();
const workshop = await openWorkshop(flags.quick ? 0.1 : 1);
const sections: string[] = [];
try {
  for (const comparison of comparisons(workshop)) {
    if (isWanted(comparison.title)) show(comparisonText(comparison, await compare(comparison, rounds)));
  }
  for (const series of growth(workshop, { quick: flags.quick === true, long: flags.long === true })) {
    if (isWanted(series.title)) show(growthText(series, await series.measure()));
  }
} finally {
  await workshop.close();
}
if (!flags.quick && flags.only === undefined) {
  await Deno.writeTextFile(page, performancePage(machine, rounds, sections));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", page.pathname] }).output();
  console.error(`written to ${page.pathname}`);
}

function isWanted(title: string): boolean {
  return title.toLowerCase().includes(flags.only?.toLowerCase() ?? "");
}

function show(text: string): void {
  sections.push(text);
  console.log(text);
}
