/** What sending a test message came to, in words for whoever set the mail server or the queues up. */
import type { NotAccepted, Outcome } from '../core/outcome.ts';

export type TransportFinding = {
  readonly ok: boolean;
  readonly outcome: string;
  readonly code: string;
  readonly tookMs: number;
  readonly wanted: string;
  readonly found: string;
  readonly mend: string;
};

type Asked = { readonly server: string | null; readonly timeoutMs: number };
type Kind = 'email' | 'sqs';
type Words = { readonly code: string; readonly found: string; readonly mend: string };

const wanted: { readonly [kind in Kind]: string } = {
  email: 'a mail server that takes a mail to this address',
  sqs: 'a queue that takes a message of this server',
};

/** Where each of them is set up. */
const place: { readonly [kind in Kind]: string } = { email: 'ASSETWIRE_SMTP_URL', sqs: 'ASSETWIRE_SQS_ENDPOINT' };

const refusals: { readonly [code in NotAccepted]: string } = {
  'access-denied': 'a server that answers and does not let this one send',
  'no-such-target': 'a server that answers and knows no such target',
  throttled: 'a server that asks for fewer messages at once',
  'clock-skew': 'clocks that are too far apart',
  credentials: 'no credentials that are accepted',
  'too-large': 'a limit below the size of a test message',
  'unacceptable-content': 'a server that does not take this content',
  unavailable: 'no server that takes messages now',
  deferred: 'a server that answers and asks to come back later',
  refused: 'a server that answers and refuses',
  other: 'an answer that is not known',
};

export function findingOf(kind: Kind, outcome: Outcome, asked: Asked): TransportFinding {
  const { code, found, mend } = kind === 'email' && asked.server === null ? unset : wordsOf(kind, outcome, asked);
  return {
    ok: outcome.kind === 'response',
    outcome: outcome.kind,
    code,
    tookMs: Math.round(outcome.timing.totalMs),
    wanted: wanted[kind],
    found,
    mend,
  };
}

const unset: Words = {
  code: 'not-set',
  found: 'no mail server: ASSETWIRE_SMTP_URL is not set',
  mend: 'Set ASSETWIRE_SMTP_URL to smtp://user:password@host:port or smtps://…, then start the server again',
};

function wordsOf(kind: Kind, outcome: Outcome, { server, timeoutMs }: Asked): Words {
  const at = server ?? 'the server';
  switch (outcome.kind) {
    case 'response':
      return taken(kind, outcome.response);
    case 'not-accepted':
      return { code: outcome.code, found: refusals[outcome.code], mend: outcome.detail };
    case 'refused-by-config':
      return { code: outcome.code, found: 'a message that cannot be sent', mend: outcome.detail };
    case 'timeout':
      return {
        code: outcome.phase,
        found: `no end within ${timeoutMs / 1_000} seconds (${outcome.phase}) at ${at}`,
        mend: `See host and port of ${place[kind]}, and whether a firewall drops the connection`,
      };
    case 'dns-failed':
      return {
        code: outcome.code,
        found: `no address for the name in ${at} (${outcome.code})`,
        mend: `See the host in ${place[kind]}, and the resolver of this machine: assetwire doctor asks it`,
      };
    case 'connect-failed':
      return {
        code: outcome.code,
        found: `nothing that listens at ${at} (${outcome.code})`,
        mend: `See host and port of ${place[kind]}, and whether the server there runs`,
      };
    case 'tls-failed':
      return {
        code: outcome.code,
        found: `no safe connection to ${at}: ${outcome.detail}`,
        mend:
          kind === 'email'
            ? 'See certificate and name of the mail server; smtps:// wants TLS from the first byte, smtp:// by STARTTLS'
            : `See the certificate at ${at}`,
      };
    case 'blocked-address':
      return {
        code: outcome.reason,
        found: `an address that nothing may be sent to (${outcome.reason}): ${at}`,
        mend: 'If it is yours, name it in ASSETWIRE_ALLOWED_TARGETS',
      };
    case 'broken':
      return {
        code: outcome.code,
        found: outcome.detail ?? `a connection to ${at} that broke (${outcome.code})`,
        mend: `See that ${place[kind]} leads to ${kind === 'email' ? 'a mail server, and its port to SMTP' : 'Amazon SQS'}`,
      };
    case 'token-failed':
      return { code: outcome.code, found: 'no access token', mend: outcome.detail };
    case 'proxy-failed':
      return { code: outcome.code, found: 'an egress proxy that let nothing through', mend: outcome.detail };
    case 'interrupted':
      return { code: 'interrupted', found: 'a server that is ending', mend: 'Try again once it is up' };
    default:
      return outcome satisfies never;
  }
}

const saidCharactersMax = 300;

function taken(kind: Kind, { status, body }: { readonly status: number; readonly body: Uint8Array }): Words {
  const said = Buffer.from(body)
    .toString('utf8')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, saidCharactersMax);
  return {
    code: String(status),
    found: `it was taken: ${said === '' ? String(status) : said}`,
    mend:
      kind === 'email'
        ? 'Look into the mailbox. If it is not there, see its spam folder, then SPF and DKIM of the sender’s domain'
        : 'Its reader finds a message {"test": "assetwire"}; it may be deleted',
  };
}
