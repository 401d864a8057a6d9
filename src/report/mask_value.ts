import { isValueMap, toBase64, type Value, type ValueMap } from "../model/json.ts";
import type { SecretRedactor } from "./redactor.ts";

/**
 * The value without secrets: texts and map keys are masked, a number whose digits show a secret becomes `"***"`.
 * What holds none is given back as it is, not copied.
 */
export function maskValue(value: Value, redactor: SecretRedactor): Value {
  if (typeof value === "string") return redactor.mask(value);
  if (typeof value === "number" || typeof value === "bigint") {
    return redactor.findsSecret(String(value)) ? "***" : value;
  }
  if (value instanceof Uint8Array) {
    const text = toBase64(value);
    return redactor.finds(text) ? redactor.mask(text) : value;
  }
  if (Array.isArray(value)) return value.map((element) => maskValue(element, redactor));
  return isValueMap(value) ? maskMap(value, redactor) : value;
}

function maskMap(map: ValueMap, redactor: SecretRedactor): ValueMap {
  const masked: Record<string, Value> = {};
  for (const [key, value] of Object.entries(map)) {
    let name = redactor.mask(key);
    // Two keys may look alike without their secrets; no value is lost for it.
    while (Object.hasOwn(masked, name)) name += "'";
    // A key from data may be `__proto__`, which a plain assignment would not store.
    Object.defineProperty(masked, name, {
      value: maskValue(value, redactor),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return masked;
}
