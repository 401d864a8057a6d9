import type { Plan } from "../model/plan.ts";
import { fixedPlace, placeKey } from "../tasks/save.ts";
import { makeSaveRegister, type SaveRegister } from "../tasks/save_register.ts";
import { filesRead } from "./files_read.ts";

/** Data chooses names below `save`: it never gets that of the config, of what is read, or of what the run writes itself. */
export function reservedRegister(plan: Plan): SaveRegister {
  const { tasks, outputDirectory } = plan;
  const register = makeSaveRegister();
  for (const { path, what } of filesRead(plan)) register.reserve(path, what);
  for (const [format, path] of Object.entries(plan.report)) {
    if (path !== null) register.reserve(path, `the ${format} report`);
  }
  for (const { name, collect } of tasks) {
    if (collect === null) continue;
    register.reserve(placeKey(fixedPlace(collect.path, outputDirectory)), `where "${name}" collects`);
  }
  return register;
}
