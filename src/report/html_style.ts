/** The page's only style sheet. Its hash stands in the page's policy, so that no other style is applied. */
export const htmlStyle = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #667078; --line: #e1e5e9; --back: #fff; --panel: #f6f8fa;
  --ok: #2da44e; --failed: #cf222e; --timed_out: #bc4c00; --cancelled: #9a6700; --skipped: #8c959f; --not_run: #bfc7cf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #98a2ab; --line: #30363d; --back: #0f1317;
  --panel: #171c21; --ok: #3fb950; --failed: #f85149; --timed_out: #f0883e; --cancelled: #d29922; --skipped: #6e7681;
  --not_run: #484f58; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .6rem; }
.status { display: inline-block; padding: .1rem .7rem; border-radius: 1rem; color: #fff; font-size: .9rem;
  vertical-align: .25rem; margin-left: .5rem; background: var(--cancelled); }
.status.passed { background: var(--ok); }
.status.failed { background: var(--failed); }
.facts { color: var(--soft); margin: .3rem 0 1.2rem; overflow-wrap: anywhere; }
.bar { width: 100%; height: .9rem; display: block; border-radius: .45rem; overflow: hidden; background: var(--line); }
.counts { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; margin: .7rem 0 0; padding: 0; list-style: none; }
.counts b { font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.dot { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .35rem; }
.ok { fill: var(--ok); } .failed { fill: var(--failed); } .timed_out { fill: var(--timed_out); }
.cancelled { fill: var(--cancelled); } .skipped { fill: var(--skipped); } .not_run { fill: var(--not_run); }
.dot.ok { background: var(--ok); } .dot.failed { background: var(--failed); } .dot.timed_out { background: var(--timed_out); }
.dot.cancelled { background: var(--cancelled); } .dot.skipped { background: var(--skipped); }
.dot.not_run { background: var(--not_run); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .85rem; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 10rem; }
.note { background: var(--panel); border-left: 3px solid var(--cancelled); padding: .6rem .9rem; margin: .5rem 0; }
details { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .4rem 0; overflow-wrap: anywhere; }
summary .why { color: var(--soft); }
pre { background: var(--panel); padding: .7rem .9rem; margin: 0 0 .7rem; overflow: auto; max-height: 24rem; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.filter { margin: .3rem 0 .8rem; display: flex; flex-wrap: wrap; gap: .4rem; }
.filter label { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; cursor: pointer; font-size: .9rem; }
.filter input { position: absolute; opacity: 0; }
.filter label:has(:checked) { background: var(--ink); color: var(--back); }
.filter label:has(:focus-visible) { outline: 2px solid var(--ok); }
${
  ["ok", "failed", "timed_out", "cancelled", "skipped", "not_run"].map((outcome) =>
    `main:has(#show-${outcome}:checked) .run:not(.is-${outcome}) { display: none; }`
  ).join("\n")
}
footer { color: var(--soft); margin-top: 2.5rem; font-size: .85rem; overflow-wrap: anywhere; }
@media print { .filter { display: none; } pre { max-height: none; } }
`;
