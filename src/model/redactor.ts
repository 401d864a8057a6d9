/** Takes secrets out of text. */
export interface Redactor {
  /** The text with every secret, in each of its spellings, replaced by `***`; userinfo in URLs too. */
  mask(text: string): string;
  /** Length in bytes of the longest spelling: how far a secret may reach over a place where text is cut. */
  readonly margin: number;
}
