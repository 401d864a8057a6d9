import { directoryOf, resolvePath } from "../runtime/resolve_path.ts";
import { describeSystemError } from "../runtime/system_error.ts";
import type { CommandBody } from "./command.ts";
import { UsageError } from "./command.ts";
import { starterConfig } from "./starter_config.ts";

/** `fanout init [FILE]`. */
export const initCommand: CommandBody = (args, ports) => {
  const { host, disk } = ports;
  const file = args.operands[0] ?? "fanout.yaml";
  const path = resolvePath(host.cwd(), file);
  let fd: number;
  try {
    fd = disk.create(path, 0o644);
  } catch (error) {
    const { code } = error as { code?: string };
    const why = code === "EEXIST"
      ? "it exists, and is never overwritten; name another file"
      : code === "ENOENT"
      ? `there is no directory ${directoryOf(path)}; make it first`
      : describeSystemError(error);
    throw new UsageError(`cannot write ${file}: ${why}`);
  }
  const bytes = new TextEncoder().encode(starterConfig);
  for (let written = 0; written < bytes.length;) written += disk.write(fd, bytes, written, bytes.length);
  disk.close(fd);
  host.stderr.write(`wrote ${file}; next: fanout run ${file}\n`);
  return Promise.resolve(0);
};
