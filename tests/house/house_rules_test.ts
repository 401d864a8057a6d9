import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const sources = filesBelow(join(root, "src")).filter((file) => file.endsWith(".ts"));
const production = sources.filter((file) => !file.endsWith("_test.ts"));

/** What each folder of `src` may import, besides itself. `cli` and `run` wire everything. */
const mayImport: Record<string, readonly string[]> = {
  model: [],
  runtime: ["model"],
  schema: ["model"],
  expr: ["model", "runtime"],
  engine: ["model", "runtime"],
  tasks: ["model", "runtime", "schema"],
  config: ["model", "runtime", "schema", "tasks", "expr"],
  plan: ["model", "runtime", "schema", "tasks", "expr", "config"],
  inputs: ["model", "runtime"],
  journal: ["model", "runtime"],
  report: ["model", "runtime"],
};

test("folders import only what the architecture allows", () => {
  const wrong: string[] = [];
  for (const file of production) {
    const folder = folderOf(file);
    const allowed = mayImport[folder];
    if (allowed === undefined) continue;
    for (const imported of importsOf(file)) {
      if (!imported.startsWith(".")) continue;
      const target = folderOf(resolve(dirname(file), imported));
      if (target !== folder && !allowed.includes(target)) {
        wrong.push(`${relative(root, file)} imports ${imported}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("only src/runtime names the machine", () => {
  const machine =
    /\bfrom "node:|\bimport\("node:|\b(?:Deno|Bun)\.|\bprocess\.\w|\bset(?:Timeout|Interval|Immediate)\(|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bconsole\.|(?<![#.\w])fetch\(|\bperformance\./;
  const wrong: string[] = [];
  for (const file of production) {
    if (folderOf(file) === "runtime") continue;
    codeLines(file).forEach((line, index) => {
      if (machine.test(line)) wrong.push(`${relative(root, file)}:${index + 1}: ${line.trim()}`);
    });
  }
  assert.deepEqual(wrong, []);
});

test("the version is the package's", async () => {
  const { version } = await import("../../src/model/version.ts");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.equal(version, manifest.version);
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(String(range), /^\d/, `${name} is pinned exactly`);
  }
});

test("every dependency has its reason in the README", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(manifest.dependencies)) {
    assert.ok(readme.includes(`\`${name}\``), `README.md says why ${name} is here`);
  }
});

test("no test is skipped, focused or left for later", () => {
  const tests = [...sources, ...filesBelow(join(root, "tests"))].filter((file) => file.endsWith("_test.ts"));
  const forbidden = /\b(?:test|describe|it)\.(?:skip|only|todo)\b|\b(?:only|skip|todo|ignore): true\b/;
  for (const file of tests) {
    if (file.endsWith("house_rules_test.ts")) continue;
    codeLines(file).forEach((line, index) => {
      assert.doesNotMatch(line, forbidden, `${relative(root, file)}:${index + 1}`);
    });
  }
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function folderOf(file: string): string {
  return relative(join(root, "src"), file).split("/")[0]!;
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/(?:\bfrom |\bimport\()"([^"]+)"/g)].map((match) =>
    match[1]!
  );
}

/** Lines without comments and docstrings: those may speak of anything. */
function codeLines(file: string): string[] {
  let inComment = false;
  return readFileSync(file, "utf8").split("\n").map((line) => {
    if (inComment) {
      inComment = !line.includes("*/");
      return "";
    }
    const start = line.indexOf("/*");
    if (start >= 0 && !line.includes("*/", start)) inComment = true;
    return line.replace(/\/\*.*$/, "").replace(/(^|\s)\/\/.*$/, "");
  });
}
