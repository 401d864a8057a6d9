export { hint, nearest } from "../model/near.ts";
