import { isMap } from "./word.ts";

/** A longer one is no hint. */
const longest = 200;

/**
 * The expression that was meant by a map or list of YAML where one belongs: `{ file: "${{ path }}" }` is `{'file': path}`.
 * Where a condition belongs, `status: 200` is `status == 200`. Undefined where there is no telling.
 */
export function celMeant(raw: unknown, gives: "bool" | "list" | "any"): string | undefined {
  // As in all of a config, a text beside a `${{ }}` is a text; without any, each is an expression, as what stands around it.
  const isTemplate = textsOf(raw).some((text) => text.includes("${{"));
  const meant = gives === "bool" ? conditionOf(raw) : celOf(raw, isTemplate);
  const isWrongType = gives === "list" && !Array.isArray(raw);
  return isWrongType || meant === undefined || meant.length > longest ? undefined : meant;
}

function celOf(raw: unknown, isTemplate: boolean): string | undefined {
  if (Array.isArray(raw)) return joined("[", raw.map((element) => celOf(element, isTemplate)), "]");
  if (isMap(raw)) {
    const members = Object.entries(raw).map(([key, value]) => {
      const cel = celOf(value, isTemplate);
      return cel === undefined ? undefined : `${literal(key)}: ${cel}`;
    });
    return joined("{", members, "}");
  }
  if (typeof raw !== "string") return raw === undefined ? undefined : String(raw);
  return isTemplate ? templateOf(raw) : raw.trim() || undefined;
}

function joined(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(", ")}${close}`;
}

/** `${{ x }}` → `x`, `a-${{ x }}` → `'a-' + string(x)`. */
function templateOf(text: string): string | undefined {
  const parts = text.split(/\$\{\{([^{}]+)\}\}/);
  if (parts.some((part) => part.includes("${{"))) return undefined;
  const [before, whole, after] = parts;
  if (parts.length === 3 && before === "" && after === "") return whole!.trim();
  const pieces = parts.map((part, index) =>
    index % 2 === 0 ? part === "" ? [] : [literal(part)] : [`string(${part.trim()})`]
  );
  return pieces.flat().join(" + ") || "''";
}

function conditionOf(raw: unknown): string | undefined {
  const compared = isMap(raw) ? Object.entries(raw) : [];
  const isPlain = compared.every(([name, value]) => /^[a-z][\w.]*$/i.test(name) && typeof value !== "object");
  if (compared.length === 0 || !isPlain) return undefined;
  return compared.map(([name, value]) =>
    `${name} == ${typeof value === "string" ? literal(value) : String(value)}`
  )
    .join(" && ");
}

/** A text of the expression language, in the quotes that YAML's own leave alone. */
function literal(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  return `'${escaped.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function textsOf(raw: unknown): string[] {
  if (typeof raw === "string") return [raw];
  if (Array.isArray(raw)) return raw.flatMap(textsOf);
  return isMap(raw) ? Object.values(raw).flatMap(textsOf) : [];
}
