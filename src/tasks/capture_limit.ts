import type { CapturePlan } from "../model/plan.ts";
import { defaultCaptureBytes } from "./body_store.ts";

/** How many bytes of a result the report keeps, of at most `maxBytes`. */
export function captureLimit(capture: CapturePlan, maxBytes: number): number {
  switch (capture.mode) {
    case "size":
      return capture.bytes;
    case "failed":
      return defaultCaptureBytes;
    case "all":
      return maxBytes;
    case "none":
      return 0;
  }
}
