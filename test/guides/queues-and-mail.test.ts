/** The commands of docs/guides/queues-and-mail.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSmtpPeer, type SmtpPeer } from '../../src/transports/testing/smtp-peer.ts';
import { startSqsPeer, type SqsPeer } from '../../src/transports/testing/sqs-peer.ts';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { typedBlocks, typeScript } from './typed-shell.ts';

const arn = 'arn:aws:sqs:eu-central-1:123456789012:my-queue';
const principal = 'arn:aws:iam::999988887777:role/assetwire';
const keys = {
  AWS_ACCESS_KEY_ID: 'AKIAASSETWIREGUIDE01',
  AWS_SECRET_ACCESS_KEY: 'the-guide-types-what-stands-in-it-and-no-more',
};

let smtp: SmtpPeer;
let sqs: SqsPeer;
let server: RealServer;
let tenant: Tenant;
before(async () => {
  Object.assign(process.env, keys);
  [smtp, sqs] = await Promise.all([startSmtpPeer(), startSqsPeer()]);
  sqs.addAccount({
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    arn: principal,
    account: '999988887777',
  });
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { smtpUrl: smtp.url, mailFrom: 'dam@example.com', sqsEndpoint: sqs.url, sqsPrincipal: principal },
  });
  tenant = await server.tenant('guide');
});
after(async () => {
  for (const name of Object.keys(keys)) delete process.env[name];
  await server[Symbol.asyncDispose]();
  await Promise.all([smtp.close(), sqs.close()]);
});

test('A queue whose owner adds the policy that is shown gets the question, and so do two mailboxes', async () => {
  const blocks = typedBlocks('docs/guides/queues-and-mail.md');
  assert.equal(blocks.length, 2);
  const queue = sqs.addQueue(arn);
  const here = 'assetwire() { node bin/assetwire.js "$@"; }\n';
  const { code, output } = await typeScript(here + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  const policy = /^ {3}(\{\n[^]*?^ {3}\})$/m.exec(output)?.[1] ?? assert.fail(`no policy is shown: ${output}`);
  queue.policy = JSON.parse(policy);
  const [question] = await eventually(
    () => Promise.resolve(queue.messages),
    (messages) => messages.length === 1 && smtp.received.length === 2,
    'a question in the queue and in both mailboxes',
  );
  assert.match(question?.body ?? '', /"Type" : "SubscriptionConfirmation"/);
  assert.deepEqual(smtp.received.flatMap(({ to }) => to).toSorted(), ['ada@example.com', 'dam-robot@example.com']);
  assert.deepEqual(new Set(rows(await tenant.ask('/v1/webhooks')).map(({ state }) => state)), new Set(['pending']));
  assert.match(output, /dam-robot@example\.com .*pending/);
});
