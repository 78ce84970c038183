/** Webhooks about a library where several processes share a store: one of equals, and all of them gone with their key. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ClusterRig, createClusterRig, type Member, until } from './cluster-rig.ts';

let rig: ClusterRig;
let one: Member;
let other: Member;
before(async () => {
  rig = await createClusterRig();
  one = await rig.start('serve');
  other = await rig.start('api');
});
after(() => rig.stop());

type Listed = { readonly data: readonly { readonly state: string; readonly stateReason?: string }[] };

test('Of equal subscriptions by two processes one is made, and a key that ends in one ends them in the other', async () => {
  const { id, key } = await one.ask<{ readonly id: string; readonly key: string }>('/v1/keys', {
    body: { name: 'client', scopes: ['webhooks:write', 'assets:read'] },
  });
  const attributes = {
    event_type: 'asset.update',
    resource_key: 'default',
    resource_type: 'brandfolder',
    callback_url: 'https://receiver.example/',
  };
  const subscribe = (member: Member) =>
    member.call('/brandfolder/api/v1/webhooks', { key, body: { data: { attributes } } });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => subscribe(n % 2 === 0 ? one : other)));
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted(),
    [200, ...Array<number>(11).fill(409)],
    JSON.stringify(answers.map(({ body }) => body)),
  );
  const webhooks = (): Promise<Listed> => other.ask<Listed>('/v1/webhooks?dialect=brandfolder');
  assert.equal((await webhooks()).data[0]?.state, 'enabled');
  assert.equal((await other.call(`/v1/keys/${id}`, { method: 'DELETE' })).status, 204);
  await until(async () => (await webhooks()).data[0]?.state === 'disabled', 'the subscription has ended');
  assert.match((await webhooks()).data[0]?.stateReason ?? '', /was revoked$/);
});
