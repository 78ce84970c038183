/** The one place of this package that reads the clock; `verify` takes another time as its option `nowMs`. */
export function systemTimeMs(): number {
  return Date.now();
}
