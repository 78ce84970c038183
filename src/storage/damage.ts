/**
 * Whether an error says that one row is damaged (text that is no JSON, a column of another type), rather than the store or
 * the program.
 */
export function isDamage(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError;
}
