import { loadConfig } from "../config/load_config.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import { type CommandBody, UsageError } from "./command.ts";
import { maxConfigBytes, printProblems } from "./load_plan.ts";
import { readFile } from "./read_file.ts";

/** `fanout check FILE…`: every problem of every file. */
export const checkCommand: CommandBody = async (args, ports) => {
  const { host } = ports;
  let errors = 0;
  for (const file of args.operands) {
    try {
      const contents = await readFile(ports.sources, resolvePath(host.cwd(), file), maxConfigBytes);
      const { problems, source } = loadConfig(contents, file);
      printProblems(problems, source.text, ports);
      errors += problems.filter(({ severity }) => severity === "error").length;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      host.stderr.write(`fanout: ${error.message}\n`);
      errors++;
    }
  }
  if (errors > 0) {
    host.stderr.write(`fanout: ${errors} ${errors === 1 ? "problem" : "problems"} found\n`);
    return 2;
  }
  host.stderr.write(args.operands.length === 1 ? "ok\n" : `${args.operands.length} files are ok\n`);
  return 0;
};
