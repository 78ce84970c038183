import { AssetwireError } from './errors.ts';
import type { JsonValue } from './json.ts';
import { jsonFault } from './json-fault.ts';
import { limits } from './limits.ts';

export type JsonLimits = {
  readonly jsonDepthMax: number;
  readonly jsonKeysMax: number;
  readonly jsonElementsMax: number;
};

const quote = 0x22;
const backslash = 0x5c;

/**
 * Parses JSON from outside. Depth, keys and elements are counted on the raw text first, because by the time a parser has
 * built 100,000 nested arrays the harm is done: a limit on bytes alone is not enough. Throws `json_too_deep`,
 * `json_too_many_keys` or `invalid_json`.
 *
 * `__proto__` becomes an own property like any other key (that is what `JSON.parse` does) and is carried verbatim; whoever
 * copies such an object uses spread or `Object.fromEntries`, never assignment by key.
 */
export function parseJson(text: string, bounds: JsonLimits = limits): JsonValue {
  guardJson(text, bounds);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw invalidJson(text, cause);
  }
}

/** Looking for the fault reads the text a second time, slower than the parser: not in texts of megabytes. */
const faultCharactersMax = 512 * 1024;

function invalidJson(text: string, cause: unknown): AssetwireError {
  const fault = text.length > faultCharactersMax ? undefined : jsonFault(text);
  if (fault === undefined)
    return new AssetwireError('invalid_json', { detail: 'Send JSON as in RFC 8259: got something else', cause });
  const { line, column, wanted, found, mend } = fault;
  return new AssetwireError('invalid_json', {
    detail: `Send JSON as in RFC 8259, wanted ${wanted} at line ${line}, column ${column}: got ${found}`,
    mend,
    cause,
  });
}

/**
 * One pass over the text, no recursion, no allocation. Text that is no JSON may pass: the parser refuses it. Text that
 * passes has at most the depth, keys and elements said.
 */
export function guardJson(text: string, bounds: JsonLimits = limits): void {
  const { jsonDepthMax, jsonKeysMax, jsonElementsMax } = bounds;
  let depth = 0;
  let keys = 0;
  let commas = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at + 1);
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > jsonDepthMax) throw tooDeep(jsonDepthMax);
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
      case 0x3a:
        keys += 1;
        break;
      case 0x2c:
        commas += 1;
        break;
    }
  }
  if (keys > jsonKeysMax) throw tooMany(`${jsonKeysMax} keys`, keys);
  // Every element but the first of its array or object has a comma before it.
  if (commas > jsonElementsMax) throw tooMany(`${jsonElementsMax} elements`, commas);
}

/** Index of the closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  let at = from;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return text.length;
    let escapes = 0;
    for (let back = end - 1; back >= from && text.charCodeAt(back) === backslash; back -= 1) escapes += 1;
    if ((escapes & 1) === 0) return end;
    at = end + 1;
  }
}

function tooDeep(depthMax: number): AssetwireError {
  return new AssetwireError('json_too_deep', {
    detail: `JSON may be nested at most ${depthMax} deep: got deeper nesting`,
  });
}

function tooMany(wanted: string, found: number): AssetwireError {
  return new AssetwireError('json_too_many_keys', {
    detail: `JSON may hold at most ${wanted}: got ${found}`,
    mend: 'Send smaller parts, or several requests',
  });
}
