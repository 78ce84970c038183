/** Any value that JSON can carry (RFC 8259). */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. Keys come from outside: look them up with `Object.hasOwn`, never through the prototype. */
export type JsonObject = { readonly [key: string]: JsonValue };
