/**
 * A URL may name several hosts, as PostgreSQL's own clients take it: `postgres://user@a:5432,b:5432/assetwire`. `pg` takes
 * one, so the URL is taken apart here, and whoever connects tries them in turn until one takes writes.
 */
import { AssetwireError } from '../../core/errors.ts';

/** One URL per host. Throws `invalid_settings` where it is no URL of PostgreSQL. */
export function hostUrls(url: string): readonly string[] {
  const parts = /^(postgres(?:ql)?:\/\/)(?:([^@/?#]*)@)?([^/?#]*)(.*)$/s.exec(url);
  if (parts === null) {
    throw new AssetwireError('invalid_settings', {
      detail: 'The URL of the database must begin with postgres://: found another',
      mend: 'Write it as postgres://user:password@host:5432/database',
    });
  }
  const [, scheme = '', user, hosts = '', rest = ''] = parts;
  const before = user === undefined ? scheme : `${scheme}${user}@`;
  return hosts.split(',').map((host) => `${before}${host}${rest}`);
}
