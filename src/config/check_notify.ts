import type { ReportProblem } from "../model/diagnostic.ts";
import type { Config } from "./config_schema.ts";

/** An address to call has to be one that can be called; what begins with an expression is known only later. */
export function checkNotify({ run }: Config, report: ReportProblem): void {
  run?.notify?.forEach(({ url }, index) => {
    if (url.startsWith("${{") || /^https?:\/\/./i.test(url)) return;
    report(["run", "notify", index, "url"], `expected an http or https URL, got "${url}"`);
  });
}
