/**
 * 32 bits of a subject (FNV-1a), for the list index of the log: narrows a list to the rows of one subject without reading
 * the rows. Stored: never changed. Two subjects may share a key, so the subject itself is compared too.
 */
export function subjectKey(subject: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < subject.length; index += 1) {
    hash = Math.imul(hash ^ subject.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
