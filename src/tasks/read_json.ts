import { parseData, type Value } from "../model/json.ts";
import { describeJsonFault } from "../model/json_fault.ts";
import { DecodeError } from "./kind.ts";

/**
 * Reads a result's text as JSON; `what` names it in messages: "stdout", "the body".
 *
 * @throws DecodeError with the line and column of the first fault
 */
export function readJson(text: string, what: string): Value {
  try {
    return parseData(text);
  } catch {
    throw new DecodeError(describeJsonFault(text, what));
  }
}
