/** One run of a program, as seen from outside. */
export interface Sample {
  readonly wallMs: number;
  /** User and system time, children included; null without GNU time. */
  readonly cpuMs: number | null;
  /** Of the largest process; null without GNU time. */
  readonly peakBytes: number | null;
  readonly stdout: string;
}

/** It did not end with exit code 0; the message says how it ended instead. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
}

const longestMs = 15 * 60_000;
/** What a child inherits of its parent's peak memory cannot be told from its own, so a small program starts each one. */
const gnuTime = await isGnuTime("/usr/bin/time") ? "/usr/bin/time" : null;

/** Runs a command to its end. @throws RunFailure when it fails, or takes longer than 15 minutes */
export async function measure(command: readonly string[], cwd: string): Promise<Sample> {
  const figures = `${cwd}/time.txt`;
  const whole = gnuTime === null ? command : [gnuTime, "-q", "-f", "%U %S %M", "-o", figures, ...command];
  const [program, ...args] = whole;
  const began = performance.now();
  const { success, code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd,
    signal: AbortSignal.timeout(longestMs),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const wallMs = performance.now() - began;
  if (!success) {
    const line = new TextDecoder().decode(stderr).trim().split("\n").at(-1)!;
    throw new RunFailure(`exit code ${code}: ${line.slice(0, 200)}`);
  }
  const said = { wallMs, stdout: new TextDecoder().decode(stdout) };
  if (gnuTime === null) return { ...said, cpuMs: null, peakBytes: null };
  const [user, system, kibibytes] = (await Deno.readTextFile(figures)).trim().split(" ").map(Number);
  return { ...said, cpuMs: (user! + system!) * 1000, peakBytes: kibibytes! * 1024 };
}

async function isGnuTime(path: string): Promise<boolean> {
  try {
    return (await new Deno.Command(path, { args: ["-f", "%M", "true"], stderr: "piped" }).output()).success;
  } catch {
    return false;
  }
}
