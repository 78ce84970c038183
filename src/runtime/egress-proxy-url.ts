/** Where the operator's egress proxy is and how it is entered; read once from the setting. */
export type EgressProxyPlace = {
  /** TLS to the proxy itself (`https:`). */
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Never logged. */
  readonly login: { readonly user: string; readonly password: string } | null;
};

const charactersMax = 2_048;

/** `http://host:port` or `https://…`, optionally with `user:password@`; null for everything else. */
export function readEgressProxyUrl(text: string): EgressProxyPlace | null {
  if (text.length > charactersMax || !URL.canParse(text)) return null;
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  // What follows the port would be read by nobody.
  if ((pathname !== '' && pathname !== '/') || search !== '' || hash !== '' || port === '0') return null;
  const login = username === '' && password === '' ? null : readLogin(username, password);
  if (login === 'unreadable') return null;
  const secure = protocol === 'https:';
  return {
    secure,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    login,
  };
}

/** As RFC 7617 can carry it: no colon in the user, no control characters. */
function readLogin(username: string, secret: string): EgressProxyPlace['login'] | 'unreadable' {
  try {
    const [user, password] = [decodeURIComponent(username), decodeURIComponent(secret)];
    return user.includes(':') || /\p{Cc}/u.test(user + password) ? 'unreadable' : { user, password };
  } catch {
    // A % that begins no escape.
    return 'unreadable';
  }
}
