import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { scanTemplate } from "./scan_template.ts";

/** Literal texts as they are, expressions in a list with their offset. */
function scan(text: string): unknown {
  const { pieces, problems } = scanTemplate(text);
  if (problems.length > 0) {
    return problems.map(({ offset, length, message }) => `${offset}:${length} ${message}`);
  }
  return pieces.map((piece) => typeof piece === "string" ? piece : [piece.source, piece.offset]);
}

/** A template that gives `text` whatever is in it. */
function escapeTemplate(text: string): string {
  return text.replaceAll("${{", () => "$${{");
}

test("scanTemplate() cuts where CEL ends an expression", () => {
  const table: readonly [text: string, pieces: readonly unknown[]][] = [
    ["", []],
    ["plain", ["plain"]],
    ["${{a}}", [["a", 3]]],
    ["x ${{ a }} y", ["x ", [" a ", 5], " y"]],
    ["${{a}}${{b}}", [["a", 3], ["b", 9]]],
    ["${{ '}}' }}", [[" '}}' ", 3]]],
    ['${{ "}}" + "a\\"}}" }}', [[' "}}" + "a\\"}}" ', 3]]],
    ["${{ '''a'}}''' }}", [[" '''a'}}''' ", 3]]],
    ["${{ '' + '}}' }}", [[" '' + '}}' ", 3]]],
    ["${{ r'\d}}' }}", [[" r'\d}}' ", 3]]],
    ["${{ {'a': {'b': 1}} }}", [[" {'a': {'b': 1}} ", 3]]],
    ["${{{'a': {'b': 1}}}}", [["{'a': {'b': 1}}", 3]]],
    ["${{{'a': {'b': 1}}.a}} }}", [["{'a': {'b': 1}}.a", 3], " }}"]],
    ["${{ a\n  + b }}", [[" a\n  + b ", 3]]],
    ["$${{ a }}", ["${{ a }}"]],
    ["$$${{ a }}", ["$${{ a }}"]],
    ["$${{ ${{ a }}", ["${{ ", [" a ", 8]]],
    ["a$${{b$${{c", ["a${{b${{c"]],
    ["${{a}}$${{b}}", [["a", 3], "${{b}}"]],
    ["$HOME ${HOME} $(x) $ {{ }} $", ["$HOME ${HOME} $(x) $ {{ }} $"]],
  ];
  for (const [text, pieces] of table) assert.deepEqual(scan(text), pieces, text);
});

test("scanTemplate() says what is not closed or empty, and where", () => {
  const table: readonly [text: string, problems: readonly string[]][] = [
    ["a ${{ b", ["2:3 this ${{ is not closed by }}; write $${{ for the text ${{"]],
    ["a ${{ b }", ["2:3 this ${{ is not closed by }}; write $${{ for the text ${{"]],
    ["${{ 'b }}", [
      "0:3 this ${{ is not closed by }}; a quoted text or a map in it is not closed; write $${{ for the text ${{",
    ]],
    ["${{ {'a': 1 }}", [
      "0:3 this ${{ is not closed by }}; a quoted text or a map in it is not closed; write $${{ for the text ${{",
    ]],
    ["${{}} ${{  }}", [
      "0:5 the ${{ }} is empty; write $${{ for the text ${{",
      "6:7 the ${{ }} is empty; write $${{ for the text ${{",
    ]],
  ];
  for (const [text, problems] of table) assert.deepEqual(scan(text), problems, text);
});

test("scanTemplate() gives back every text that was escaped, and every expression beside it", () => {
  const text = fc.string({ unit: fc.constantFrom("$", "{", "}", "'", '"', "\\", "a", "${{", "}}", "$$") });
  const expression = fc.constantFrom("a", "'}}'", '"$\\"}}"', "{'a': {'b': 1}}", "'''\"}}'''", "x[{1: '}'}]");
  fc.assert(
    fc.property(text, expression, text, (before, source, after) => {
      // A literal `$` right before `${{` would escape it: that is what `$${{` is for.
      const lead = before.endsWith("$") ? before + "." : before;
      const { pieces, problems } = scanTemplate(
        `${escapeTemplate(lead)}\${{${source}}}${escapeTemplate(after)}`,
      );
      assert.deepEqual(problems, []);
      const shown = pieces.map((piece) => typeof piece === "string" ? piece : { source: piece.source });
      assert.deepEqual(shown, [lead, { source }, after].filter((piece) => piece !== ""));
      assert.deepEqual(scanTemplate(escapeTemplate(before)).pieces, before === "" ? [] : [before]);
    }),
    { numRuns: 1000 },
  );
});
