import assert from "node:assert/strict";
import process from "node:process";
import { cli } from "../../src/cli/cli.ts";
import { realHost } from "../../src/runtime/host.ts";
import type { Output, Ports } from "../../src/runtime/ports.ts";
import { realPorts } from "../../src/runtime/real_ports.ts";
import type { Sandbox } from "../e2e/sandbox.ts";

/** The command line in this very process, in a sandbox: the real machine, but for the ports that are given. */
export async function runInProcess(sandbox: Sandbox, args: readonly string[], ports: Partial<Ports>) {
  let said = "";
  const output: Output = {
    closed: false,
    isTerminal: false,
    columns: () => 80,
    rows: () => 24,
    onResize() {},
    write: (text) => void (said += typeof text === "string" ? text : new TextDecoder().decode(text)),
  };
  const code = await cli({
    ...realPorts(),
    ...ports,
    host: {
      ...realHost,
      arguments: args,
      environment: { PATH: process.env.PATH, HOME: sandbox.directory },
      cwd: () => sandbox.directory,
      stdout: output,
      stderr: output,
      onSignal() {},
      exit: (code) => assert.fail(`exit ${code}: ${said}`),
    },
  });
  return { code, said };
}
