/**
 * URLs of PostgreSQL, as its own clients take them: one may name several hosts (`postgres://user@a:5432,b:5432/assetwire`).
 * `pg` takes one, so the URL is taken apart here; what cannot be read is told before anything connects.
 */

/** One URL per host; or what was wanted in its place, and what was found, which never shows a password. */
export type DatabaseUrl =
  | { readonly is: 'read'; readonly urls: readonly string[] }
  | { readonly is: 'unreadable'; readonly wanted: string; readonly found: string };

const written = 'a postgres:// URL: postgres://user:password@host:5432/database';
const escapes = '# as %23, / as %2F, ? as %3F, % as %25';
const unescaped = {
  wanted: `user and password with their special characters in percent form (${escapes})`,
  found: 'one that stands for itself',
};
const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

export function readDatabaseUrl(url: string): DatabaseUrl {
  const unreadable = (problem: { readonly wanted: string; readonly found: string }): DatabaseUrl => ({
    is: 'unreadable',
    ...problem,
  });
  const parts = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#]*)(.*)$/s.exec(url);
  if (parts === null) return unreadable({ wanted: 'a postgres:// URL', found: 'another one' });
  const [, scheme = '', user, hosts = '', rest = ''] = parts;
  // What belongs to a password has ended it.
  if (user === undefined && rest.includes('@')) return unreadable(unescaped);
  if (rest !== '' && !/^[/?]/.test(rest)) return unreadable({ wanted: written, found: 'one with a # in it' });
  const before = user === undefined ? scheme : `${scheme}${user}@`;
  const names = hosts.split(',');
  for (const name of names) {
    const port = /:(\d*[^\]\d]*\d*)$/.exec(name)?.[1];
    if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
      return unreadable({ wanted: 'a port from 1 to 65535 behind each host', found: port === '' ? 'none' : port });
    if (!URL.canParse(`http://${name === '' ? 'localhost' : name}/`))
      return unreadable({ wanted: written, found: 'a host that is none' });
  }
  const sslMode = new URLSearchParams(rest.split('?')[1] ?? '').get('sslmode');
  if (sslMode !== null && !sslModes.includes(sslMode))
    return unreadable({ wanted: `sslmode as one of ${sslModes.join(', ')}`, found: sslMode });
  return { is: 'read', urls: names.map((name) => `${before}${name}${verified(rest)}`) };
}

/**
 * `pg` takes every mode with TLS as `verify-full`, and warns at each start that it may not do so for ever. Said outright it
 * stays so, without the warning.
 */
function verified(rest: string): string {
  return rest.includes('uselibpqcompat=')
    ? rest
    : rest.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}
