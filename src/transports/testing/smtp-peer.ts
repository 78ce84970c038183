/**
 * A real SMTP server on the loopback that keeps what it gets and every byte that was said to it; and one that misbehaves as
 * it is told, line by line.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export type ReceivedMail = { readonly from: string; readonly to: readonly string[]; readonly raw: string };
export type SmtpAnswer = { readonly code: number; readonly text: string };

export type SmtpPeerOptions = {
  /** Refuses at this command; null lets it pass. */
  readonly answer?: (command: 'MAIL' | 'RCPT' | 'DATA', about: string) => SmtpAnswer | null;
  readonly login?: { readonly user: string; readonly pass: string };
  readonly tls?: { readonly key: string; readonly cert: string; readonly from?: 'start' | 'command' };
  readonly sizeMax?: number;
};

export type SmtpPeer = {
  readonly port: number;
  readonly url: string;
  readonly received: readonly ReceivedMail[];
  /** Connections that were opened so far. */
  readonly connections: number;
  /** What came in before any TLS, of all connections. */
  readonly transcript: string;
  /** Ends all connections as a server does that was restarted. */
  endConnections(): void;
  close(): Promise<void>;
};

export async function startSmtpPeer(options: SmtpPeerOptions = {}): Promise<SmtpPeer> {
  const { answer, login, tls, sizeMax } = options;
  const received: ReceivedMail[] = [];
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const refusal = (command: 'MAIL' | 'RCPT' | 'DATA', about: string): Error | null => {
    const given = answer?.(command, about) ?? null;
    return given === null ? null : Object.assign(new Error(given.text), { responseCode: given.code });
  };
  const settings: SMTPServerOptions = {
    secure: tls?.from === 'start',
    ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert }),
    disabledCommands: [...(tls === undefined ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    closeTimeout: 50,
    ...(sizeMax === undefined ? {} : { size: sizeMax }),
    onAuth: ({ username, password }, _session, done) =>
      done(
        username === login?.user && password === login?.pass
          ? null
          : Object.assign(new Error('No'), { responseCode: 535 }),
        {
          user: username,
        },
      ),
    onMailFrom: ({ address }, _session, done) => done(refusal('MAIL', address)),
    onRcptTo: ({ address }, _session, done) => done(refusal('RCPT', address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address;
        const error = refusal('DATA', raw);
        if (error === null) received.push({ from, to, raw });
        done(error);
      });
    },
  };
  const server = new SMTPServer(settings);
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('data', (chunk) => heard.push(chunk));
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const name = login === undefined ? '' : `${login.user}:${login.pass}@`;
  return {
    port,
    url: `${tls?.from === 'start' ? 'smtps' : 'smtp'}://${name}127.0.0.1:${port}`,
    received,
    get connections() {
      return connections;
    },
    get transcript() {
      return Buffer.concat(heard).toString('latin1');
    },
    endConnections() {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Says what `say` makes of each line; `null` says nothing at all. A connection itself is the line `CONNECT`. */
export async function startRawSmtpPeer(say: (line: string, socket: Socket) => string | null): Promise<{
  readonly url: string;
  readonly sockets: ReadonlySet<Socket>;
  readonly lines: readonly string[];
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const lines: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let rest = '';
    const hear = (line: string): void => {
      const answer = say(line, socket);
      if (answer !== null && !socket.destroyed) socket.write(answer);
    };
    hear('CONNECT');
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        lines.push(line);
        hear(line);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    sockets,
    lines,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
