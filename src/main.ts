/** The entry point, and the only file with side effects on load. Nothing heavy is imported before it is needed. */
import { version } from "./model/version.ts";
import { realPorts } from "./runtime/real_ports.ts";

const ports = realPorts();
if (ports.host.arguments[0] === "--version" || ports.host.arguments[0] === "-V") {
  ports.host.stdout.write(`fanout ${version}\n`);
} else {
  const { cli } = await import("./cli/cli.ts");
  ports.host.setExitCode(await cli(ports));
}
