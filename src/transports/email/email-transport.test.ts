import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import PostalMime from 'postal-mime';
import { cpuMsSince } from '../../../test/support/cpu-time.ts';
import { until } from '../../../test/support/until.ts';
import { writeMailBody } from '../../core/mail-body.ts';
import type { Outcome } from '../../core/outcome.ts';
import { createTestAuthority } from '../testing/certificates.ts';
import { runningClock } from '../testing/running-clock.ts';
import { type SmtpAnswer, type SmtpPeer, startRawSmtpPeer, startSmtpPeer } from '../testing/smtp-peer.ts';
import { describeTransport, messageTo, type PeerBehaviour } from '../testing/transport-conformance.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { createEmailTransport } from './email-transport.ts';
import type { MailSender } from './mail-message.ts';
import { readSmtpPlace } from './smtp-place.ts';
import { createSmtpPool, type SmtpPoolSettings } from './smtp-pool.ts';

const sender: MailSender = { address: 'assetwire@dam.example', name: 'Assetwire', dkim: null };

async function make(
  url: string,
  { sender: own = sender, ...settings }: Partial<SmtpPoolSettings> & { readonly sender?: MailSender } = {},
): Promise<Transport> {
  const pool = createSmtpPool({
    place: readSmtpPlace(url),
    tls: 'offered',
    connectionsMax: 3,
    clock: runningClock,
    ...settings,
  });
  const transport = createEmailTransport({ pool, sender: own, clock: runningClock });
  await transport.start();
  return transport;
}

const deliveryId = 'dlv_01kan4c4q0edkxrmnr6dgk2vfp';

function message(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    ...messageTo('ada@receiver.example'),
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['assetwire-delivery-id', deliveryId],
      [
        'list-unsubscribe',
        '<https://dam.example/bynder/sns/unsubscribe.html?SubscriptionArn=arn:aws:sns:eu-central-1:000000000000:t:1&Endpoint=ada%40receiver.example>',
      ],
    ],
    subject: 'asset_bank.media.create',
    body: Buffer.from('Hello'),
    ...fields,
  };
}

function statusOf(outcome: Outcome): string {
  if (outcome.kind === 'response') return `response ${outcome.response.status}`;
  if (outcome.kind === 'not-accepted') return `${outcome.code} ${outcome.again ? 'again' : 'never'}`;
  return outcome.kind === 'timeout' ? `timeout ${outcome.phase}` : outcome.kind;
}

function ended(socket: Socket): null {
  socket.end('221 Bye\r\n');
  return null;
}

function cut(socket: Socket): null {
  socket.destroy();
  return null;
}

/** One server of lines; what it does with a mail stands in the address. */
async function behavingSubject() {
  let received = 0;
  const peer = await startRawSmtpPeer((line, socket) => {
    if (line === 'CONNECT') return '220 peer ESMTP\r\n';
    if (/^EHLO|^RSET/.test(line)) return '250 peer\r\n';
    if (line === 'QUIT') return ended(socket);
    if (line.startsWith('MAIL')) return '250 ok\r\n';
    const behaviour = /^RCPT TO:<(\w+)@/.exec(line)?.[1];
    if (behaviour !== undefined) {
      received++;
      if (behaviour === 'silent') return null;
      if (behaviour === 'endless') {
        const more = (): void => {
          while (!socket.destroyed && socket.write('250-more and more and more\r\n'.repeat(500)));
          if (!socket.destroyed) socket.once('drain', more);
        };
        more();
        return null;
      }
      if (behaviour === 'accepts') return '250 ok\r\n';
      return cut(socket);
    }
    if (line === 'DATA') return '354 go\r\n';
    return line === '.' ? '250 2.0.0 queued\r\n' : null;
  });
  const transport = await make(peer.url, { connectionsMax: 30 });
  return {
    transport,
    target: async (behaviour: PeerBehaviour) => `${behaviour}@receiver.example`,
    received: () => received,
    quiet: async () => {
      transport.forget('');
      await until(() => peer.sockets.size === 0, 'no connection is left');
    },
    receivedAtLeast: (count: number) => until(() => received >= count, `${count} mails`),
    async close() {
      await transport.stop();
      await peer.close();
    },
  };
}

describeTransport('the e-mail transport', behavingSubject, {
  refuses: ['broken'],
  breaks: ['broken'],
  endless: 'broken',
  senselessTargets: ['', 'x', 'a@b@c.example', 'a b@c.example', '"a b"@c.example', 'https://c.example'],
});

describe('mail', () => {
  let peer: SmtpPeer;
  let transport: Transport;
  let answer: (command: string, about: string) => SmtpAnswer | null;

  before(async () => {
    peer = await startSmtpPeer({ answer: (command, about) => answer(command, about) });
    transport = await make(peer.url);
  });
  after(async () => {
    await transport.stop();
    await peer.close();
  });
  beforeEach(() => {
    answer = () => null;
  });
  const last = () => peer.received.at(-1) ?? assert.fail('no mail');
  const parsed = () => PostalMime.parse(last().raw);

  it('arrives as a mail parser reads it: sender, address, subject, headers, the same Message-ID each time', async () => {
    const outcome = await transport.send(message());
    assert.equal(statusOf(outcome), 'response 250');
    assert.ok(outcome.kind === 'response' && outcome.address === '127.0.0.1');
    const mail = await parsed();
    assert.deepEqual(mail.from, { name: 'Assetwire', address: 'assetwire@dam.example' });
    assert.deepEqual(mail.to, [{ name: '', address: 'ada@receiver.example' }]);
    assert.equal(mail.subject, 'asset_bank.media.create');
    assert.equal(mail.text?.trimEnd(), 'Hello');
    assert.equal(mail.messageId, `<${deliveryId}@dam.example>`);
    const headers = new Map(mail.headers.map(({ key, value }) => [key, value]));
    assert.equal(headers.get('auto-submitted'), 'auto-generated');
    assert.equal(headers.get('assetwire-delivery-id'), deliveryId);
    assert.match(
      headers.get('list-unsubscribe') ?? '',
      /^<https:\/\/dam\.example\/bynder\/sns\/unsubscribe\.html\?.*Endpoint=ada%40receiver\.example>$/,
    );
    assert.ok(!headers.has('user-agent'));
    await transport.send(message());
    assert.equal((await parsed()).messageId, mail.messageId);
  });

  it('connections are used again: fifty mails go over no more than three', async () => {
    const connectionsBefore = peer.connections;
    const receivedBefore = peer.received.length;
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => transport.send(message())));
    assert.deepEqual(new Set(outcomes.map(statusOf)), new Set(['response 250']));
    assert.equal(peer.received.length - receivedBefore, 50);
    assert.ok(peer.connections - connectionsBefore <= 3, `${peer.connections - connectionsBefore} connections`);
    for (let mail = 0; mail < 3; mail++) await transport.send(message());
    // Asked whether it is still there, a connection that had rested goes on.
    await new Promise((resolve) => setTimeout(resolve, 250));
    await transport.send(message());
    assert.ok(peer.connections - connectionsBefore <= 3);
  });

  it('a kept connection that the server ended costs no attempt', async () => {
    await transport.send(message());
    peer.endConnections();
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(statusOf(await transport.send(message())), 'response 250');
  });

  it('text and HTML arrive as two views of one thing', async () => {
    const text = 'Größe: 12\nZeile\r\nmit Ende';
    const html = '<p>Größe &amp; “Zeichen” 😀</p>';
    const { body, contentType } = writeMailBody({ text, html });
    await transport.send(message({ body, headers: [['content-type', contentType]] }));
    const mail = await parsed();
    assert.equal(mail.text?.trimEnd(), text.replaceAll('\r\n', '\n'));
    assert.equal(mail.html?.trimEnd(), html);
  });

  it('EM-01 line ends in subject, sender and headers never become headers', async () => {
    const evil = 'x\r\nBcc: victim@evil.example\r\n\r\nBody';
    const receivedBefore = peer.received.length;
    await transport.send(message({ subject: evil }));
    const mail = await parsed();
    assert.equal(mail.bcc, undefined);
    assert.equal(mail.subject, 'x Bcc: victim@evil.example Body');
    assert.doesNotMatch(last().raw, /^Bcc/im);
    for (const bad of ['a\rb', 'a\nb', 'a\u0000b', 'ü'])
      assert.equal(
        statusOf(await transport.send(message({ headers: [['list-unsubscribe', bad]] }))),
        'refused-by-config',
      );
    const named = await make(peer.url, { sender: { ...sender, name: evil } });
    await named.send(message());
    assert.doesNotMatch(last().raw, /^Bcc/im);
    await named.stop();
    assert.equal(peer.received.length - receivedBefore, 2);
    assert.doesNotMatch(peer.transcript, /RCPT TO:<victim/);
  });

  it('EM-02 EM-03 an address that two programs could read in two ways never gets as far as the server', async () => {
    const rcptsBefore = peer.transcript.match(/^RCPT/gm)?.length ?? 0;
    const tricks = [
      'a@b.example>\r\nRCPT TO:<v@x.example',
      'a@b.example\r\nBcc: v@x.example',
      '"victim@evil.example x"@allowed.example',
      'a(comment)@b.example',
      'group:a@b.example;',
      '<@route.example:a@b.example>',
      'a@b.example,c@d.example',
      'Ada <a@b.example>',
      'a@[127.0.0.1]',
      'a@b.example SIZE=1',
      'ä@b.example',
      'a@b..example',
      '.a@b.example',
    ];
    for (const target of tricks) {
      const outcome = await transport.send(message({ target }));
      assert.ok(outcome.kind === 'refused-by-config' && outcome.code === 'mail-address', target);
    }
    await transport.send(message());
    assert.equal((peer.transcript.match(/^RCPT/gm)?.length ?? 0) - rcptsBefore, 1);
  });

  it('EM-04 an address that would cost a parser its time is refused by its length, at once', async () => {
    const began = process.threadCpuUsage();
    for (const target of [
      `${'('.repeat(50_000)}${')'.repeat(50_000)}a@b.example`,
      `${'a'.repeat(100_000)}@b.example`,
      `${'a.'.repeat(50_000)}a@b.example`,
      `a@${'b.'.repeat(50_000)}example`,
      `a@${'b-'.repeat(50_000)}`,
      `${'"'.repeat(100_000)}@b.example`,
      `${' '.repeat(100_000)}a@b.example`,
      `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.example`,
    ]) {
      const outcome = await transport.send(message({ target }));
      assert.ok(outcome.kind === 'refused-by-config' && outcome.code === 'mail-address', target.slice(0, 20));
    }
    const spentMs = cpuMsSince(began);
    assert.ok(spentMs < 5_000, `all of them together took ${spentMs} ms`);
  });

  it('EM-07 dots, long lines, bare line ends and NUL arrive as content, and one mail stays one', async () => {
    const receivedBefore = peer.received.length;
    const text = [
      '.',
      '..',
      'x'.repeat(10_000),
      'ü'.repeat(3_000),
      'end\r\n.\r\nMAIL FROM:<evil@x.example>',
      'a\n.\nb',
      'c\r.\rd',
    ].join('\n');
    assert.equal(statusOf(await transport.send(message({ body: Buffer.from(text) }))), 'response 250');
    assert.equal(peer.received.length - receivedBefore, 1);
    const lines = last().raw.split('\r\n');
    assert.ok(
      lines.every((line) => line.length <= 998 && !/[\r\n]/.test(line)),
      'a line that no server must take',
    );
    assert.match(last().raw, /^[\t\r\n\x20-\x7e]*$/);
    assert.equal(
      (await parsed()).text?.trimEnd().replaceAll('\r', '\n'),
      text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'),
    );
    assert.equal(last().from, sender.address);
  });

  it('EM-08 others never see whom else a mail goes to', async () => {
    const targets = ['a@one.example', 'b@two.example', 'c@three.example'];
    const from = peer.received.length;
    await Promise.all(targets.map((target) => transport.send(message({ target }))));
    for (const mail of peer.received.slice(from)) {
      assert.equal(mail.to.length, 1);
      for (const other of targets) assert.equal(mail.raw.includes(other), mail.to[0] === other);
    }
  });

  it('EM-09 EM-10 what the server says decides: later, never, and whose fault it is', async () => {
    const said: readonly (readonly [command: string, code: number, text: string, expected: string])[] = [
      ['RCPT', 451, '4.7.1 Greylisted', 'deferred again'],
      ['RCPT', 450, '4.7.1 Too many mails, rate limited', 'throttled again'],
      ['RCPT', 452, '4.2.2 Mailbox full', 'deferred again'],
      ['RCPT', 550, '5.1.1 No such user', 'no-such-target never'],
      ['RCPT', 554, '5.7.1 Blocked', 'refused never'],
      ['RCPT', 550, '5.7.1 Relaying denied', 'refused never'],
      ['DATA', 552, '5.3.4 Too big', 'too-large never'],
      ['DATA', 554, '5.6.0 No', 'refused never'],
      ['DATA', 451, '4.3.0 Try again', 'deferred again'],
      ['MAIL', 451, '4.3.0 Busy', 'unavailable again'],
      ['MAIL', 550, '5.7.1 Sender not allowed', 'access-denied again'],
      ['MAIL', 530, '5.7.0 Authentication required', 'credentials again'],
    ];
    for (const [at, code, text, expected] of said) {
      answer = (command) => (command === at ? { code, text } : null);
      const outcome = await transport.send(message());
      assert.equal(statusOf(outcome), expected, `${at} ${code} ${text}`);
      assert.ok(outcome.kind === 'not-accepted' && outcome.detail.includes(text) && outcome.response?.status === code);
    }
    answer = () => null;
    assert.equal(statusOf(await transport.send(message())), 'response 250');
  });

  it('EM-14 the sender is the operator’s, whatever a message says', async () => {
    const headers = [
      ['content-type', 'text/plain'],
      ['from', 'ceo@victim.example'],
      ['reply-to', 'ceo@victim.example'],
      ['sender', 'ceo@victim.example'],
      ['bcc', 'ceo@victim.example'],
    ] as const;
    await transport.send(message({ headers }));
    assert.ok(!last().raw.includes('ceo@victim.example'));
    assert.equal(last().from, sender.address);
  });
});

describe('a mail server', () => {
  it('EM-11 that offers no TLS is not spoken to where TLS is required: no password, no mail', async () => {
    const peer = await startSmtpPeer({ login: { user: 'dam', pass: 's3cret-of-the-mail' } });
    const transport = await make(peer.url, { tls: 'required' });
    const outcome = await transport.send(message());
    assert.equal(outcome.kind, 'tls-failed');
    assert.equal(peer.received.length, 0);
    assert.doesNotMatch(peer.transcript, /AUTH|MAIL FROM/);
    await transport.stop();
    await peer.close();
  });

  it('with TLS is verified: its certificate has to be known', async () => {
    const authority = await createTestAuthority();
    const { certPem: cert, keyPem: key } = await authority.issue();
    for (const from of ['start', 'command'] as const) {
      const peer = await startSmtpPeer({ tls: { key, cert, from } });
      const stranger = await make(peer.url);
      const refused = await stranger.send(message());
      assert.ok(refused.kind === 'tls-failed', `${from}: ${statusOf(refused)}`);
      const friend = await make(peer.url, { tls: 'required', caPem: authority.certPem });
      assert.equal(statusOf(await friend.send(message())), 'response 250', from);
      assert.doesNotMatch(peer.transcript, /MAIL FROM/);
      await Promise.all([stranger.stop(), friend.stop()]);
      await peer.close();
    }
  });

  it('that does not know our password keeps the mail waiting, and the password stays with us', async () => {
    const peer = await startSmtpPeer({ login: { user: 'dam', pass: 'right' } });
    const transport = await make(peer.url.replace('right', 'wrong-pass-word'));
    const outcome = await transport.send(message());
    assert.equal(statusOf(outcome), 'credentials again');
    assert.ok(!JSON.stringify(outcome).includes('wrong-pass-word'));
    await transport.stop();
    await peer.close();
  });

  it('EM-12 that hangs at any point ends the mail at its deadline, and says where', async () => {
    const steps: readonly (readonly [silentAt: RegExp, phase: string])[] = [
      [/^CONNECT$/, 'timeout connect'],
      [/^EHLO/, 'timeout connect'],
      [/^MAIL/, 'timeout send'],
      [/^\.$/, 'timeout send'],
    ];
    for (const [silentAt, expected] of steps) {
      const peer = await startRawSmtpPeer((line) => {
        if (silentAt.test(line)) return null;
        if (line === 'CONNECT') return '220 peer\r\n';
        return line === 'DATA' ? '354 go\r\n' : line === '.' || /^(EHLO|MAIL|RCPT)/.test(line) ? '250 ok\r\n' : null;
      });
      const transport = await make(peer.url);
      const startedMs = performance.now();
      assert.equal(statusOf(await transport.send(message({ timeoutMs: 150 }))), expected, String(silentAt));
      assert.ok(performance.now() - startedMs < 20_000);
      await transport.stop();
      await peer.close();
    }
  });

  it('FX-01 that cannot be reached is not tried for each of many mails', async () => {
    const peer = await startRawSmtpPeer(() => null);
    const { url } = peer;
    await peer.close();
    const transport = await make(url, { connectionsMax: 1 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => transport.send(message())));
    assert.deepEqual(new Set(outcomes.map(statusOf)), new Set(['connect-failed']));
    await transport.stop();
    let tries = 0;
    const cutting = await startRawSmtpPeer((line, socket) => {
      if (line === 'CONNECT') tries += 1;
      return cut(socket);
    });
    const other = await make(cutting.url, { connectionsMax: 1 });
    await Promise.all(Array.from({ length: 200 }, () => other.send(message())));
    assert.equal(tries, 1);
    await other.stop();
    await cutting.close();
  });

  it('takes a mail that is signed for the sender’s domain', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const peer = await startSmtpPeer();
    const transport = await make(peer.url, {
      sender: { ...sender, dkim: { domain: 'dam.example', selector: 'aw', privateKeyPem } },
    });
    assert.equal(statusOf(await transport.send(message())), 'response 250');
    const raw = peer.received[0]?.raw ?? '';
    assert.match(raw, /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=dam\.example;/m);
    assert.match(raw, /s=aw;/);
    await transport.stop();
    await peer.close();
  });

  it('that announces how much it takes is not sent more', async () => {
    const peer = await startSmtpPeer({ sizeMax: 10_000 });
    const transport = await make(peer.url);
    assert.equal(statusOf(await transport.send(message({ body: Buffer.from('x'.repeat(20_000)) }))), 'too-large never');
    assert.equal(statusOf(await transport.send(message())), 'response 250');
    await transport.stop();
    await peer.close();
  });
});
