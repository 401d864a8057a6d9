import { charge } from "./evaluation.ts";

/**
 * Where an answer's `link` header (RFC 8288) leads by this relation: `next`, `last`. Null when it does not say. The address
 * is as the server wrote it, relative perhaps.
 */
export function linkTo(headers: ReadonlyMap<unknown, unknown>, relation: string): string | null {
  const header = headers.get("link");
  if (typeof header !== "string") return null;
  charge(header.length / 128);
  // An address may hold commas: only one before the next `<` ends a link.
  for (const link of header.split(/,(?=\s*<)/)) {
    const [, address, parameters] = /^\s*<([^>]*)>(.*)$/s.exec(link) ?? [];
    if (address !== undefined && relationsIn(parameters!).includes(relation.toLowerCase())) return address;
  }
  return null;
}

function relationsIn(parameters: string): string[] {
  for (const parameter of parameters.split(";")) {
    const [name, value = ""] = parameter.split("=", 2);
    if (name!.trim().toLowerCase() !== "rel") continue;
    return value.trim().replace(/^"(.*)"$/s, "$1").toLowerCase().split(/\s+/);
  }
  return [];
}
