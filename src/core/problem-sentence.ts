/** One grammar for what does not fit, whoever finds it: the API's schemas at the door, or a use case behind it. */
import type { Problem } from './errors.ts';

/** What stands behind "Check the body:". `/path wants a folder path, found nothing`. */
export function problemSentence({ at, wanted, found }: Problem): string {
  if (wanted.startsWith('no such ')) return `it has no ${wanted.slice('no such '.length)} ${at}`;
  return `${at === '' ? 'it' : at} wants ${wanted}, found ${found}`;
}
