/** Takes secrets out of text. */
export interface Redactor {
  /** The text with every secret, in each of its spellings, replaced by `***`; userinfo in URLs too. */
  mask(text: string): string;
  /** Length in bytes of the longest spelling: how far a secret may reach over a place where text is cut. */
  readonly margin: number;
}

/** A redactor for secrets that come to be known while the run goes on: tokens. */
export interface LearningRedactor extends Redactor {
  /** From now on this is masked, too. What is shorter than six characters is passed over. */
  learn(this: void, secret: string): void;
}
