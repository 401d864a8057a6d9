import { checkSources } from "../inputs/check_sources.ts";
import { survey } from "../inputs/survey.ts";
import { planJson, printPlan } from "../plan/print_plan.ts";
import { missingSecrets } from "../plan/read_secrets.ts";
import type { Ports } from "../runtime/ports.ts";
import { makeRedactor } from "../report/redactor.ts";
import { inputContext } from "../run/input_context.ts";
import type { CommandBody } from "./command.ts";
import { type LoadedPlan, loadPlan, printProblems } from "./load_plan.ts";

/** `fanout plan FILE`, and `fanout run FILE --dry-run`. */
export const planCommand: CommandBody = async (args, ports) => {
  const { host } = ports;
  const loaded = await loadPlan(args, ports);
  if (loaded === null) return 2;
  const counts = await countInputs(loaded, ports);
  if (counts === null) return 2;
  const { plan } = loaded;
  const text = args.has("json")
    ? `${planJson(plan, counts)}\n`
    : printPlan(plan, counts, styleFor(ports), await missingSecrets(plan, ports));
  // Secrets are not read for a plan; a password in a URL may be written in the config all the same.
  host.stdout.write(makeRedactor(new Map()).mask(text));
  return 0;
};

/** Reads every source that can be read twice. Null when some cannot be used: it was said. */
async function countInputs(
  { plan, source }: LoadedPlan,
  ports: Ports,
): Promise<Record<string, number | null> | null> {
  const context = inputContext(plan, ports);
  const missing = await checkSources(plan, context);
  const surveyed = missing.length > 0 ? null : await survey(plan, context);
  const problems = surveyed?.problems ?? missing;
  printProblems(problems.map(({ path, message }) => source.diagnose(path, message)), source.text, ports);
  if (surveyed === null || problems.length > 0) return null;
  return Object.fromEntries([...surveyed.tasks].map(([name, { count }]) => [name, count]));
}

function styleFor({ host }: Ports) {
  const color = host.stdout.isTerminal && !host.environment.NO_COLOR;
  const paint = (code: string) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const width = host.stdout.isTerminal ? Math.max(40, host.stdout.columns()) : 80;
  return { width, bold: paint("1"), dim: paint("2") };
}
