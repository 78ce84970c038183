/** Whoever connects tries the hosts of a URL in turn until one takes writes. */
import { AssetwireError } from '../../core/errors.ts';
import { readDatabaseUrl } from '../../runtime/database-url.ts';

/** One URL per host. Throws `invalid_settings` where it is no URL of PostgreSQL. */
export function hostUrls(url: string): readonly string[] {
  const read = readDatabaseUrl(url);
  if (read.is === 'read') return read.urls;
  throw new AssetwireError('invalid_settings', {
    detail: `The URL of the database must be ${read.wanted}: found ${read.found}`,
    mend: 'Write it as postgres://user:password@host:5432/database',
  });
}
