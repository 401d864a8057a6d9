import { nearest } from "../model/near.ts";

/** What other tools call a key: Ansible, GitHub Actions, GitLab, Compose, make, curl, requests. */
const otherNames: { readonly [key: string]: readonly string[] } = {
  allowFailure: ["continueonerror", "ignoreerrors", "ignorefailure", "mayfail"],
  attempts: ["max", "count", "times", "limit", "tries"],
  backoff: ["delay", "wait", "interval", "pause", "sleep"],
  body: ["data", "payload", "content"],
  command: ["cmd", "args", "argv", "run", "program"],
  concurrency: ["parallel", "parallelism", "maxparallel", "workers", "threads", "jobs", "forks", "poolsize"],
  cwd: ["dir", "directory", "workdir", "workingdir", "workingdirectory", "chdir"],
  expect: ["assert", "asserts", "check", "checks", "test", "tests", "validate"],
  foreach: ["loop", "withitems", "items", "each", "inputs", "over"],
  idle: ["read"],
  if: ["when", "condition"],
  needs: ["dependson", "depends", "requires", "after", "dependencies"],
  query: ["params", "statement", "search"],
  rate: ["rps", "qps", "throttle"],
  secrets: ["credentials"],
  shell: ["script", "bash", "sh"],
  tasks: ["jobs", "steps"],
  targets: ["pools", "hosts", "services"],
  url: ["uri", "endpoint", "dsn", "href"],
};

/** The key that was probably meant: one that other tools call so, else one that looks alike. */
export function meantKey(given: string, known: readonly string[]): string | undefined {
  const plain = given.toLowerCase().replace(/[-_]/g, "");
  const other = known.find((key) => Object.hasOwn(otherNames, key) && otherNames[key]!.includes(plain));
  return other ?? nearest(given, known);
}
