/**
 * The text of an SNS document as a queue takes it. SQS refuses U+FFFE and U+FFFF in a message; within JSON they can be
 * written as escapes, which decode to the same text, so the signature over the decoded values stands.
 */
export function queueBody(text: string): string {
  return text.toWellFormed().replaceAll(/[\uFFFE\uFFFF]/g, (sign) => (sign === '\uFFFE' ? '\\ufffe' : '\\uffff'));
}
