import { writeFileSync } from "node:fs";
import { configJsonSchemaText } from "../src/config/json_schema.ts";

writeFileSync(new URL("../config.schema.json", import.meta.url), configJsonSchemaText());
