import * as v from "valibot";
console.log(v.is(v.string(), "x"));
