import assert from "node:assert/strict";
import { test } from "node:test";
import { detectCpus } from "./cpus.ts";

const status = (cpus: string) => ({
  "/proc/self/status": `Name:\tx\nCpus_allowed_list:\t${cpus}\nMems:\t0\n`,
});

const table: readonly {
  readonly name: string;
  readonly files: { readonly [path: string]: string };
  readonly count: number;
  readonly why: string;
}[] = [
  { name: "no files at all: what the runtime says", files: {}, count: 8, why: "8 CPUs" },
  { name: "an affinity mask", files: status("0-1,5"), count: 3, why: "3 CPUs" },
  { name: "one CPU allowed", files: status("3"), count: 1, why: "1 CPU" },
  {
    name: "a v2 quota",
    files: { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n" },
    count: 2,
    why: "cgroup quota of 2 CPUs",
  },
  {
    name: "no v2 quota",
    files: { "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/cpu.max": "max 100000\n" },
    count: 8,
    why: "8 CPUs",
  },
  {
    name: "a v2 quota of a group above",
    files: {
      "/proc/self/cgroup": "0::/slice/unit.service\n",
      "/sys/fs/cgroup/slice/unit.service/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/slice/cpu.max": "350000 100000\n",
    },
    count: 3,
    why: "cgroup quota of 3.5 CPUs",
  },
  {
    name: "less than one CPU",
    files: { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000" },
    count: 1,
    why: "cgroup quota of 0.5 CPUs",
  },
  {
    name: "a v1 quota, seen from inside a container",
    files: {
      "/proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    },
    count: 4,
    why: "cgroup quota of 4 CPUs",
  },
  {
    name: "a v1 group without quota",
    files: {
      "/proc/self/cgroup": "5:cpu,cpuacct:/\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
    count: 8,
    why: "8 CPUs",
  },
  {
    name: "a quota above the mask",
    files: { ...status("0-1"), "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "400000 100000" },
    count: 2,
    why: "2 CPUs",
  },
  {
    name: "files that make no sense",
    files: { ...status(","), "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "" },
    count: 8,
    why: "8 CPUs",
  },
];

for (const { name, files, count, why } of table) {
  test(`detectCpus() with ${name}`, () => {
    assert.deepEqual(detectCpus((path) => files[path], () => 8), { count, why });
  });
}

test("detectCpus() of this machine gives at least one", () => {
  assert.ok(detectCpus().count >= 1);
});
