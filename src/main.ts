/** The entry point, and the only file with side effects on load. Nothing heavy is imported before it is needed. */
import { version } from "./model/version.ts";
import { endBySignal } from "./run/signals.ts";
import { realHost } from "./runtime/host.ts";

const [first] = realHost.arguments;
if (first === "--version" || first === "-V") realHost.stdout.write(`fanout ${version}\n`);
// A helper is this program, started by itself.
else if (first === "__sqlite") (await import("./runtime/sqlite_child.ts")).serveSqlite();
else {
  // To load the rest takes longer than it takes to press Ctrl-C.
  if (first === "run" || first === "each" || first === "tune") endBySignal(realHost);
  const [{ realPorts }, { cli }] = await Promise.all([
    import("./runtime/real_ports.ts"),
    import("./cli/cli.ts"),
  ]);
  realHost.setExitCode(await cli(realPorts()));
}
