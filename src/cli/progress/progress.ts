/**
 * Progress on stderr: a live view on a terminal, a line now and then elsewhere. It looks at the run a few times a second;
 * the run knows nothing of it.
 */
import type { RunView } from "../../model/run_view.ts";
import type { Clock, Output, Timer } from "../../runtime/ports.ts";
import { printable, writtenCount, writtenDuration } from "../../model/written.ts";
import { renderProgress, visibleWidth } from "./render.ts";

export type ProgressMode = "bar" | "log" | "none";

export interface Progress {
  /** Writes lines above the live view, a moment later. */
  say(text: string): void;
  /** Takes the view away; nothing is written after. */
  stop(): void;
}

const barEveryMs = 100;
const logEveryMs = 10_000;
/** Characters; more is shown at once. */
const mostUnsaid = 65_536;
/** Rates are over this long. */
const windowMs = 5_000;

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly color: boolean;
  readonly output: Output;
  readonly clock: Clock;
  readonly view: () => RunView;
}

export function startProgress(options: ProgressOptions): Progress {
  const { output, clock, mode } = options;
  let timer: Timer | undefined;
  /** How wide each line of the view is that stands on the terminal. */
  let drawn: number[] = [];
  /** Said since the view was drawn: a line for every attempt must not draw it a thousand times a second. */
  let unsaid = "";
  let stopped = false;
  const samples: { at: number; ended: readonly number[] }[] = [];

  if (mode === "bar") {
    output.onResize(() => {
      if (!stopped && drawn.length > 0) redraw();
    });
  }
  if (mode !== "none") schedule();
  return {
    say(text) {
      if (mode !== "bar" || stopped) return output.write(text);
      unsaid += text;
      if (unsaid.length > mostUnsaid) redraw();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      const shown = `${drawn.length > 0 ? `${toTop()}\x1b[J` : ""}${unsaid}`;
      if (shown !== "") output.write(shown);
    },
  };

  function schedule(): void {
    timer = clock.after(mode === "bar" ? barEveryMs : logEveryMs, () => {
      if (stopped) return;
      if (mode === "bar") redraw();
      else output.write(logLine(options.view()));
      schedule();
    });
  }

  function redraw(): void {
    const view = options.view();
    const lines = renderProgress(view, {
      columns: output.columns(),
      rows: output.rows(),
      color: options.color,
      perSecond: rates(view),
    });
    const said = unsaid === "" ? "" : `\x1b[J${unsaid}`;
    const shown = lines.map((line) => `${line}\x1b[K\n`).join("");
    output.write(`\x1b[?25l${toTop()}${said}${shown}\x1b[J\x1b[?25h`);
    drawn = lines.map(visibleWidth);
    unsaid = "";
  }

  /** To the view's first line. A terminal that became narrower has folded what is now too wide. */
  function toTop(): string {
    const columns = output.columns();
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows > 0 ? `\x1b[${rows}A\r` : "\r";
  }

  function rates(view: RunView): number[] {
    const now = clock.now();
    samples.push({ at: now, ended: view.targets.map((target) => target.ended) });
    while (samples.length > 2 && now - samples[0]!.at > windowMs) samples.shift();
    const first = samples[0]!;
    const seconds = (now - first.at) / 1_000;
    return view.targets.map((target, position) =>
      seconds > 0 ? (target.ended - (first.ended[position] ?? 0)) / seconds : 0
    );
  }
}

function logLine(view: RunView): string {
  const sum = (of: "ended" | "failed" | "running" | "waiting") =>
    view.targets.reduce((total, target) => total + target[of], 0);
  const total = view.targets.some((target) => target.total === null)
    ? "?"
    : writtenCount(view.targets.reduce((all, target) => all + (target.total ?? 0), 0));
  const failed = sum("failed");
  const waiting = sum("waiting");
  const words = [
    `${writtenCount(sum("ended"))}/${total} done`,
    ...(failed > 0 ? [`${writtenCount(failed)} failed`] : []),
    `${sum("running")} running`,
    ...(waiting > 0 ? [`${writtenCount(waiting)} to retry`] : []),
    ...view.targets.filter(({ pausedMs }) => pausedMs > 0).map(({ name, pausedMs }) =>
      `${printable(name)} paused for ${writtenDuration(pausedMs)}`
    ),
    `${writtenDuration(view.elapsedMs)} elapsed`,
  ];
  return `fanout: ${words.join(", ")}\n`;
}
