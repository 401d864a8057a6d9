// POSIX paths as text. Nothing here looks at a file; a path ends where its last name ends, trailing slashes or not.

/** `a/b.tar.gz` → `b.tar.gz`; `/` → `/`. */
export function basename(path: string): string {
  const trimmed = withoutTrailingSlashes(path);
  return trimmed === "/" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** The name without its last extension: `a/b.tar.gz` → `b.tar`; `.bashrc` stays. */
export function stem(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 && name !== ".." ? name.slice(0, dot) : name;
}

/** `a/b/c` → `a/b`; `c` → `.`; `/c` → `/`. */
export function dirname(path: string): string {
  const trimmed = withoutTrailingSlashes(path);
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return ".";
  return withoutTrailingSlashes(trimmed.slice(0, slash + 1));
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}
