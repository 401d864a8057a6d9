/** The entry point, and the only file with side effects on load. Nothing heavy is imported before it is needed. */
import { version } from "./model/version.ts";
import { realPorts } from "./runtime/real_ports.ts";

const ports = realPorts();
const [first] = ports.host.arguments;
if (first === "--version" || first === "-V") ports.host.stdout.write(`fanout ${version}\n`);
// A helper is this program, started by itself.
else if (first === "__sqlite") (await import("./runtime/sqlite_child.ts")).serveSqlite();
else {
  const { cli } = await import("./cli/cli.ts");
  ports.host.setExitCode(await cli(ports));
}
