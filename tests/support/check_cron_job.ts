import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { Sandbox } from "../e2e/sandbox.ts";

const types = new URL("../../node_modules/kubernetes-types/batch/v1.d.ts", import.meta.url);

/**
 * Holds manifests against the API of Kubernetes, each given as the YAML that was printed: its schema, which came to us as
 * types (no field that it does not know, every value of its type), and what it asks of names and words besides. Gives
 * them as plain data.
 */
// deno-lint-ignore no-explicit-any -- a manifest is read as the JSON it is
export function checkCronJobs(sandbox: Sandbox, printed: readonly string[]): any[] {
  const manifests = printed.map((text) => {
    const documents = parseAllDocuments(text, { strict: true });
    assert.equal(documents.length, 1);
    assert.deepEqual(documents[0]!.errors, []);
    return documents[0]!.toJS();
  });
  const typed = manifests.map((manifest, i) =>
    `export const m${i}: CronJob = ${JSON.stringify(manifest)};\n`
  );
  const file = sandbox.write("cron_jobs.ts", `import type { CronJob } from "${types}";\n${typed.join("")}`);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync(process.execPath, ["check", "-q", file], { cwd: root, encoding: "utf8", stdio: "pipe" });
  for (const manifest of manifests) checkWords(manifest);
  return manifests;
}

// deno-lint-ignore no-explicit-any
function checkWords({ apiVersion, kind, metadata, spec }: any): void {
  const pod = spec.jobTemplate.spec.template.spec;
  const [container] = pod.containers;
  assert.deepEqual([apiVersion, kind, pod.containers.length], ["batch/v1", "CronJob", 1]);
  // An RFC 1123 label, with room for the eleven characters that name each job of it.
  assert.match(metadata.name, /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/);
  assert.ok(["Allow", "Forbid", "Replace"].includes(spec.concurrencyPolicy));
  assert.ok(["OnFailure", "Never"].includes(pod.restartPolicy), "a Job's pod does not restart for ever");
  for (const [i, field] of spec.schedule.split(" ").entries()) {
    const [name, last] = [["minute", 59], ["hour", 23], ["day", 31], ["month", 12], ["weekday", 6]][i]!;
    const numbers = (field.match(/\d+/g) ?? []).map(Number);
    assert.ok(numbers.every((number: number) => number <= Number(last)), `${name} ${field}`);
  }
  assert.equal(spec.schedule.split(" ").length, 5);
  const names = container.env.map(({ name }: { name: string }) => name);
  assert.equal(new Set(names).size, names.length, "each variable once");
  for (const name of names) assert.match(name, /^[-._a-zA-Z][-._a-zA-Z0-9]*$/);
  const volumes = new Set(pod.volumes.map(({ name }: { name: string }) => name));
  for (const { name, mountPath, subPath = "" } of container.volumeMounts) {
    assert.ok(volumes.has(name), `the volume ${name}`);
    assert.match(mountPath, /^\/[^:]*$/);
    assert.doesNotMatch(subPath, /^\/|\.\./);
  }
}
