import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { writeMail } from '../../../transports/email/mail-message.ts';
import type { Arrival } from '../demo-dialect.ts';
import { readMail } from './mail-text.ts';
import { startDemoMailbox } from './mailbox.ts';
import { demoKeys, startDemoQueue } from './queue.ts';

const sender = { address: 'dam@demo.example', name: 'Größe', dkim: null };
const content = {
  to: 'ada@demo.example',
  subject: 'New',
  messageId: 'dlv_1',
  headers: [['assetwire-delivery-id', 'dlv_1'] as const],
  atMs: 0,
};
const text = `Größe = 1\n.a line that begins with a dot\n${'x'.repeat(300)}\nMedia ID: 1-2\n`;

async function written(more: { readonly html?: string }): Promise<string> {
  return Buffer.from((await writeMail(sender, { ...content, text, ...more })).raw).toString('latin1');
}

test('the plain text of a mail is read as it was written, with HTML beside it and without', async () => {
  for (const more of [{}, { html: '<p>Größe</p>' }]) {
    const mail = readMail(await written(more));
    assert.equal(mail.text.trimEnd(), text.trimEnd());
    assert.equal(mail.headers.find(([name]) => name === 'assetwire-delivery-id')?.[1], 'dlv_1');
  }
});

test('the mailbox hands over a mail that comes a few bytes at a time, to whom it went', async () => {
  const arrivals: Arrival[] = [];
  const mailbox = await startDemoMailbox((arrival) => arrivals.push(arrival));
  try {
    const socket = connect(Number(new URL(mailbox.url).port), '127.0.0.1');
    const stuffed = (await written({})).replaceAll(/^\./gm, '..');
    const said = `EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ada@demo.example>\r\nDATA\r\n${stuffed}\r\n.\r\nQUIT\r\n`;
    for (let at = 0; at < said.length; at += 7) socket.write(said.slice(at, at + 7), 'latin1');
    let heard = '';
    for await (const chunk of socket) heard += String(chunk);
    assert.deepEqual(heard.match(/^\d+/gm), ['220', '250', '250', '250', '354', '250', '221']);
    assert.equal(arrivals.length, 1);
    assert.equal(arrivals[0]?.place, 'ada@demo.example');
    assert.match(Buffer.from(arrivals[0]?.bodyBase64 ?? '', 'base64').toString(), /^Größe = 1\n\.a line/);
  } finally {
    await mailbox.stop();
  }
});

test('the queue takes nothing from who has other keys', async () => {
  const arrivals: Arrival[] = [];
  const queue = await startDemoQueue((arrival) => arrivals.push(arrival));
  try {
    const send = (key: string) =>
      fetch(queue.url, {
        method: 'POST',
        headers: { authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/eu-central-1/sqs/aws4_request` },
        body: JSON.stringify({ QueueUrl: `${queue.url}/111122223333/demo`, MessageBody: 'x' }),
      });
    assert.equal((await send('AKIASOMEBODYELSE0001')).status, 400);
    assert.equal((await send(demoKeys.accessKeyId)).status, 200);
    assert.deepEqual(
      arrivals.map(({ place }) => place),
      ['111122223333/demo'],
    );
  } finally {
    await queue.stop();
  }
});
