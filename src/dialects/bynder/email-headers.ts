/** Headers of a mail that say how to get no more of it (RFC 2369), in one step (RFC 8058). */
export function listUnsubscribe(url: string): readonly (readonly [name: string, value: string])[] {
  return [
    ['list-unsubscribe', `<${url}>`],
    ['list-unsubscribe-post', 'List-Unsubscribe=One-Click'],
  ];
}
