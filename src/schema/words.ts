/**
 * The words the config schema is written in. One definition gives the check, the type, the JSON Schema and what
 * editors show: `section({ url: required(text("Address.")) }, "An HTTP request.")`. Task kinds write their sections
 * with them too.
 *
 * Nothing here knows YAML, positions or a key of the config by name; a word says what is wrong at a path, and which
 * expressions it found.
 */
export { type Concurrency, type Pace, pacePattern, type Tolerance } from "./limits.ts";
export {
  choice,
  count,
  duration,
  expression,
  fixedText,
  flag,
  literal,
  share,
  size,
  text,
  unitWord,
} from "./scalars.ts";
export { required, type Section, section, type Settings, settings } from "./sections.ts";
export {
  anyKey,
  anything,
  type KeyRule,
  list,
  mapped,
  named,
  names,
  nullable,
  shapes,
  shortForm,
  within,
} from "./structures.ts";
export { isTemplated, readTemplated, type Templated } from "./templated.ts";
export {
  below,
  complain,
  type Doc,
  isMap,
  type JsonSchema,
  nameOf,
  type Parsed,
  type Place,
  type Word,
} from "./word.ts";
