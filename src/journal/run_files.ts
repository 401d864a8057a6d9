/** Where the files of a run lie. All begin with its id, which sorts as time does. */
export interface RunFiles {
  readonly journal: string;
  /** Held while the run lives; left behind by a run that was killed. */
  readonly lock: string;
  /** The JSON report of a run whose config names no place for it. */
  readonly report: string;
  /** Where a file is made whose name is taken away at once: what waits in it ends with the process. */
  readonly spool: string;
}

export function runFiles(directory: string, runId: string): RunFiles {
  const stem = `${directory}/${runId}`;
  return {
    journal: `${stem}.ndjson`,
    lock: `${stem}.lock`,
    report: `${stem}.report.json`,
    spool: `${stem}.spool`,
  };
}
