import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inSandbox, type Sandbox } from "./sandbox.ts";

const token = "tok+en/9f8e7d6c5b4a";

/** Everything the program keeps: state, report, what was printed. */
function keptTexts({ directory }: Sandbox): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return files.filter((entry) => entry.isFile() && entry.name !== "token.json")
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

function assertNowhere(sandbox: Sandbox, ...printed: string[]): void {
  for (const text of [...keptTexts(sandbox), ...printed]) {
    for (const spelling of [token, encodeURIComponent(token), token.slice(-8)]) {
      assert.ok(!text.includes(spelling), text);
    }
  }
}

test(
  "a secret output reaches those who need it and is written down nowhere",
  inSandbox(async (sandbox) => {
    sandbox.write("token.json", JSON.stringify({ access_token: token, expires: 60 }));
    const { code, stdout, stderr, report } = await sandbox.runConfig(
      `
version: 1
name: secret_outputs
tasks:
  login:
    file: { path: token.json, format: json }
    outputs: { token: { value: json.access_token, secret: true }, expires: json.expires }
  use:
    needs: [login]
    foreach: [1, 2]
    exec: { command: [sh, -c, 'echo "have $T"; test "$T" = "$WANTED"'], env: { T: "\${{ needs.login.outputs.token }}", WANTED: "${token}" } }
    outputs: { said: stdout }
  later:
    foreach: { from: login }
    exec: { command: [echo, "\${{ toJson(item) }}"] }
    outputs: { said: stdout }
`,
      ["-v"],
    );
    assert.equal(code, 0, stderr);
    const [login, use, , later] = report.results;
    assert.deepEqual(login.outputs, { token: "***", expires: 60 });
    assert.equal(login.output.json, undefined);
    assert.equal(use.outputs.said, "have ***\n");
    assert.match(later.outputs.said, /"outputs":\{"expires":60\}/);
    // The config itself names the wanted value.
    sandbox.write("fanout.yaml", "");
    assertNowhere(sandbox, stdout, stderr);
  }),
);

test(
  "a secret output is masked in its own result when that fails an expectation",
  inSandbox(async (sandbox) => {
    sandbox.write("token.json", JSON.stringify({ access_token: token }));
    const { code, stderr, report } = await sandbox.runConfig(`
version: 1
name: secret_outputs
tasks:
  login:
    file: { path: token.json, format: json }
    expect: ["json.access_token == 'other'"]
    outputs: { token: { value: json.access_token, secret: true } }
`);
    assert.equal(code, 1);
    assert.equal(report.results[0].error.code, "expect");
    assertNowhere(sandbox, stderr);
  }),
);

test(
  "a secret output that is too short to be masked fails its run",
  inSandbox(async (sandbox) => {
    sandbox.write("token.json", '{"pin": 1234}');
    const { code, report } = await sandbox.runConfig(`
version: 1
name: secret_outputs
tasks:
  login: { file: { path: token.json, format: json }, outputs: { pin: { value: json.pin, secret: true } } }
`);
    assert.equal(code, 1);
    const [{ error, outputs }] = report.results;
    assert.equal(outputs, null);
    assert.match(error.message, /^output "pin" is secret and has 4 characters: masking takes at least 6/);
  }),
);
