import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, UsageError } from "./command.ts";
import { parseArguments } from "./parse_arguments.ts";

const command: Command = {
  name: "run",
  operands: "FILE",
  operandCount: { min: 1, max: 1 },
  summary: "",
  examples: [],
  flags: [
    { name: "set", value: "K=V", repeatable: true, description: "" },
    { name: "concurrency", short: "c", value: "N", description: "", elsewhere: ["jobs", "P"] },
    { name: "quiet", short: "q", description: "" },
    { name: "verbose", short: "v", description: "" },
    { name: "stream", value: "PATH", optionalValue: true, description: "" },
    { name: "progress", value: "MODE", choices: ["auto", "bar"], description: "" },
  ],
  load: () => Promise.reject(new Error("not loaded here")),
};

test("parseArguments() reads every spelling of a flag", () => {
  const args = parseArguments(command, ["--set", "a=1", "f.yaml", "--set=b=2", "-c4", "-qv", "--stream=out"]);
  assert.deepEqual(args.operands, ["f.yaml"]);
  assert.deepEqual(args.values("set"), ["a=1", "b=2"]);
  assert.equal(args.value("concurrency"), "4");
  assert.ok(args.has("quiet") && args.has("verbose"));
  assert.equal(args.value("stream"), "out");
  assert.equal(parseArguments(command, ["-c", "4", "f"]).value("concurrency"), "4");
  assert.equal(parseArguments(command, ["-vc=4", "f"]).value("concurrency"), "4");
});

test("parseArguments() takes an optional value only when it is attached", () => {
  const args = parseArguments(command, ["--stream", "f.yaml"]);
  assert.ok(args.has("stream"));
  assert.equal(args.value("stream"), undefined);
  assert.deepEqual(args.operands, ["f.yaml"]);
});

test("parseArguments() ends flags at --", () => {
  assert.deepEqual(parseArguments(command, ["--", "-c"]).operands, ["-c"]);
});

test("parseArguments() takes all words after the first operand where a command asks for it", () => {
  const each = { ...command, stopsAtOperand: true as const, operandCount: { min: 1, max: Infinity } };
  assert.deepEqual(parseArguments(each, ["-q", "exec", "ls", "-l", "--set"]).operands, [
    "exec",
    "ls",
    "-l",
    "--set",
  ]);
});

for (
  const [argv, says] of [
    [["f", "--sett", "a=1"], /no flag --sett; did you mean --set\?/],
    [["f", "-x"], /no flag -x/],
    [["f", "--quiet=yes"], /--quiet takes no value, got "yes"/],
    [["f", "--set"], /--set needs a value: --set K=V/],
    [["f", "-c", "1", "-c", "2"], /--concurrency was given twice/],
    [["f", "--progress", "bat"], /--progress takes auto, bar, not "bat"; did you mean bar\?$/],
    [["f", "--progress", "xyz"], /--progress takes auto, bar, not "xyz"$/],
    [["f", "--jobs", "4"], /no flag --jobs; did you mean --concurrency\?/],
    [["f", "-P4"], /no flag -P; did you mean --concurrency\?/],
    [["f", "--stream", "out"], /"out" is too much; did you mean --stream=out\?$/],
    [["--stream", "f", "g"], /"g" is too much; did you mean --stream=f\?$/],
    [[], /fanout run needs something to work on: fanout run FILE; see: fanout run --help/],
    [["a", "b"], /takes FILE; "b" is too much/],
  ] as const
) {
  test(`parseArguments() refuses ${JSON.stringify(argv)}`, () => {
    assert.throws(() => parseArguments(command, argv), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, says);
      return true;
    });
  });
}
