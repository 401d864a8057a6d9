/** Reads when it is first asked, and gives the same from then on. */
export function once<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}
