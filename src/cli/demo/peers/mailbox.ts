/** The demo's own mail server, on the loopback: it takes every mail and hands over what came. It speaks as much SMTP as that takes. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Arrival, DemoPeer } from '../demo-dialect.ts';
import { arrivalAt } from './arrival-at.ts';
import { readMail } from './mail-text.ts';

/** More than any mail of the demo. */
const mailCharactersMax = 1_000_000;

export async function startDemoMailbox(onArrival: (arrival: Arrival) => void): Promise<DemoPeer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A connection that ends in the middle ends the mail on it, and nothing else.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    talk(socket, onArrival);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function talk(socket: Socket, onArrival: (arrival: Arrival) => void): void {
  let heard = '';
  let to = '';
  let inMail = false;
  const say = (line: string): void => void (socket.destroyed || socket.write(`${line}\r\n`));
  const obey = (line: string): void => {
    const command = line.slice(0, 4).toUpperCase();
    if (command === 'RCPT') to = /<([^>]*)>/.exec(line)?.[1] ?? '';
    inMail = command === 'DATA';
    say(answers[command] ?? '250 OK');
    if (command === 'QUIT') socket.end();
  };
  /** The next line, or the whole mail where one is on its way; null where more has to come first. */
  const take = (): string | null => {
    const mark = inMail ? '\r\n.\r\n' : '\r\n';
    const end = heard.indexOf(mark);
    if (end < 0) return null;
    const taken = heard.slice(0, end);
    heard = heard.slice(end + mark.length);
    return taken;
  };
  say('220 demo ESMTP');
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
    if (heard.length > mailCharactersMax) return void socket.destroy();
    for (let taken = take(); taken !== null; taken = take()) {
      if (!inMail) {
        obey(taken);
        continue;
      }
      inMail = false;
      say('250 OK');
      onArrival(arrivalOf(to, taken));
    }
  });
}

const answers: { readonly [command: string]: string } = {
  EHLO: '250 demo',
  DATA: '354 Go on',
  QUIT: '221 Bye',
};

/** A line that began with a dot has two of them on the way (RFC 5321, 4.5.2). */
function arrivalOf(place: string, mail: string): Arrival {
  const { headers, text } = readMail(mail.replaceAll(/^\.\./gm, '.'));
  return arrivalAt(place, { headers, text });
}
