/**
 * Whether a statement may change the settings of its connection, going by its beginning: then what was set before it,
 * read-only and the timeout, has to be set again for the next one.
 */
export function changesSettings(query: string): boolean {
  return /^\s*(set|reset|discard|call|do)\b|\bset_config\b/i.test(query);
}
