/** Where it stands and what it is called there: several pages of one host are told apart. */
export function sourceName(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  const page = pathname.split('/').findLast((part) => /\p{L}{3}/u.test(part)) ?? '';
  const title = page
    .replace(/^\d+-/, '')
    .replace(/\.\w+$/, '')
    .replaceAll(/[-_]+/g, ' ')
    .trim();
  return title === '' ? host : `${title} (${host})`;
}
