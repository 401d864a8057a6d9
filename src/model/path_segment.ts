/** Why a value cannot be one name in a path; undefined when it can. Data chooses names, never directories. */
export function segmentProblem(value: string): string | undefined {
  if (value === "") return "is empty";
  if (value === "." || value === "..") return "names a directory";
  if (value.includes("/")) return "has a / in it";
  if (value.includes("\0")) return "has a NUL in it";
}
