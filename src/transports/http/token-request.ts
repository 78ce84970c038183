/** The request for an access token (RFC 6749, 4.3.2 and 4.4.2): a form, with the client proved in a header or in the form. */
import type { OutgoingMessage, TokenGrant } from '../transport.ts';

type TokenRequest = Pick<OutgoingMessage, 'headers' | 'body'>;

export function tokenRequest(grant: TokenGrant, userAgent: string): TokenRequest {
  const client = clientOf(grant);
  const inBody = grant.clientAuthentication === 'body' || client?.secret === undefined;
  const fields: [string, string][] =
    grant.grant === 'password'
      ? [
          ['grant_type', 'password'],
          ['username', grant.username],
          ['password', grant.password],
        ]
      : [['grant_type', 'client_credentials']];
  if (grant.scope !== undefined) fields.push(['scope', grant.scope]);
  if (grant.audience !== undefined) fields.push(['audience', grant.audience]);
  if (client !== null && inBody) {
    fields.push(['client_id', client.id]);
    if (client.secret !== undefined) fields.push(['client_secret', client.secret]);
  }
  const headers: [string, string][] = [
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['Accept', 'application/json'],
    ['User-Agent', userAgent],
    ['Accept-Encoding', 'identity'],
  ];
  if (client?.secret !== undefined && !inBody) headers.push(['Authorization', basic(client.id, client.secret)]);
  return { headers, body: Buffer.from(new URLSearchParams(fields).toString()) };
}

function clientOf(grant: TokenGrant): { readonly id: string; readonly secret?: string } | null {
  if (grant.grant === 'client-credentials') return { id: grant.username, secret: grant.password };
  if (grant.clientId === undefined) return null;
  return { id: grant.clientId, ...(grant.clientSecret === undefined ? {} : { secret: grant.clientSecret }) };
}

/** RFC 6749, 2.3.1: both halves are form-encoded first, so that a colon or an umlaut in them cannot move the border. */
function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
