/**
 * Rows about things that Assetwire does not have. There is nothing to try there, so they count neither as tried nor as open.
 * Each says why, and by which sign in the sources the thing would show if somebody built it: then the row is open again and
 * the check fails until the entry is gone. A row of which a part exists does not belong here: it wants a test.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from './collect.ts';

export type NotOffered = {
  readonly id: string;
  /** Why there is nothing to try. */
  readonly reason: string;
  /** What the sources hold as soon as it is offered after all. */
  readonly sign: RegExp;
  /** Where the sign is looked for; tests are left out. Default: what is shipped and `package.json`. */
  readonly where?: string;
};

const shipped = '{src,bin,packages/*/src}/**/*.{ts,js}';

export const notOffered: readonly NotOffered[] = [
  {
    id: 'SU-19',
    reason: 'a URL is a fixed text, there are no templates in it',
    sign: /(?:url|target)Template|renderUrl|expandUrl/i,
  },
  {
    id: 'SR-05',
    reason: 'redirects are never followed, there is no option',
    sign: /followRedirect|maxRedirect|redirectsMax/i,
  },
  {
    id: 'SR-11',
    reason: 'the mail server is the operator’s setting, a tenant names mailboxes only',
    sign: /smtp(?:Host|Url|Server|Port)\b/i,
    where: 'src/{app,api,dialects,core}/**/*.ts',
  },
  {
    id: 'SR-13',
    reason:
      'nothing is followed that a document points to: no schema is taken in, no API description, no key set, no sign-in elsewhere, no proxy script',
    sign: /jwks_?uri|openid-configuration|dereference\(|\.pac\b/i,
  },
  {
    id: 'TL-09',
    reason: 'certificates are always verified, there is no switch for one endpoint nor for all',
    sign: /(?:insecure_?)?skip_?verify|rejectUnauthorized:(?!\s*true\b)|checkServerIdentity:/i,
  },
  {
    id: 'TL-15',
    reason: 'HTTP/1.1 is spoken alone, in both directions (ALPN offers nothing else)',
    sign: /from 'node:http2'|ALPNProtocols: (?!\['http\/1\.1'\])/,
  },
  {
    id: 'AK-07',
    reason:
      'limits are counted in the memory of the process that is asked, so there is no store of them that could be down',
    sign: /limiterStore|rateLimitStore|rate-limiter-flexible/i,
  },
  {
    id: 'TN-04',
    reason: 'a webhook stays in the workspace it was made in, there are no transfers',
    sign: /transferWebhook|moveToWorkspace|webhooks\.transfer/i,
  },
  {
    id: 'IN-17',
    reason: 'there are no transforms: nobody’s code is run',
    sign: /node:vm'.*\b(?:Script|createContext|compileFunction)\b|isolated-vm|quickjs|\bnew Function\(|\beval\(/,
  },
  { id: 'IN-25', reason: 'there is no GraphQL', sign: /graphql/i },
];

/** What the list says that is not so: no such row, a row that a test tries, a thing that is offered after all. */
export function notOfferedProblems(
  root: string,
  catalogue: Catalogue,
  tests: ReadonlyMap<string, readonly string[]>,
  list: readonly NotOffered[] = notOffered,
): readonly string[] {
  const rows = new Set(catalogue.rows.map(({ id }) => id));
  return list.flatMap(({ id, sign, where = shipped }) => {
    if (!rows.has(id)) return [`Not offered: there is no row ${id}`];
    const files = tests.get(id);
    if (files !== undefined)
      return [`${id} is named as not offered and tried by ${files.join(', ')}: one of them is wrong`];
    const found = [...globSync(where, { cwd: root }), 'package.json']
      .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
      .find((file) => sign.test(readFileSync(join(root, file), 'utf8')));
    return found === undefined
      ? []
      : [`${id} is named as not offered, and ${found} shows ${String(sign)}: open the row again`];
  });
}
