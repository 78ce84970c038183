/**
 * The set-up of docs/guides/bynder-receivers.md for receivers that pin Amazon's host: a private authority, a certificate
 * for that host, something in front of the server that ends TLS, and a resolver that leads the host to it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer } from 'node:tls';

export const snsHost = 'sns.us-east-1.amazonaws.com';
export const snsUrl = `https://${snsHost}`;
const script = join(import.meta.dirname, '..', '..', 'ops', 'sns', 'make-certificates.sh');

export type SnsHost = AsyncDisposable & {
  /** The authority that receivers trust. */
  readonly authorityPem: string;
  /** Leads the host to us, as its DNS entry would; everything else is refused. */
  readonly agent: Agent;
  /** Ends TLS and hands on what is inside, unread, to this port. */
  leadTo(port: number): void;
};

export async function startSnsHost(): Promise<SnsHost> {
  const folder = mkdtempSync(join(tmpdir(), 'assetwire-sns-host-'));
  execFileSync('sh', [script, snsHost, folder], { stdio: 'pipe' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const authorityPem = read('authority.pem');
  let port = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ key: read('host-key.pem'), cert: read('host.pem') }, (socket) => {
    const behind = connect(port, '127.0.0.1');
    sockets.add(socket).add(behind);
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: ownPort } = server.address() as AddressInfo;
  const agent = new (class extends Agent {
    override createConnection(options: { readonly host?: string }): Socket {
      if (options.host !== snsHost) throw new Error(`A receiver asked for ${String(options.host)}`);
      return connectTls({ host: '127.0.0.1', port: ownPort, servername: snsHost, ca: authorityPem });
    }
  })();
  return {
    authorityPem,
    agent,
    leadTo: (to) => {
      port = to;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
