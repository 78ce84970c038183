/** Where the operator's mail server is and how it is entered; read once from the setting. */
export type SmtpPlace = {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps:`). */
  readonly secure: boolean;
  /** Never logged. */
  readonly login: { readonly user: string; readonly pass: string } | null;
};

/** RFC 8314: 465 with TLS from the start, 587 for submission. */
const ports = { 'smtps:': 465, 'smtp:': 587 } as const;

/** `smtp://user:password@host:port` or `smtps://…`, as the setting's parser let it through. */
export function readSmtpPlace(url: string): SmtpPlace {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? ports[secure ? 'smtps:' : 'smtp:'] : Number(port),
    secure,
    login: username === '' ? null : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
  };
}
