import { configJsonSchemaText } from "../config/json_schema.ts";
import type { CommandBody } from "./command.ts";

/** `fanout schema`: the JSON Schema of the config. */
export const schemaCommand: CommandBody = async (_args, { host }) => {
  host.stdout.write(configJsonSchemaText());
  return 0;
};
