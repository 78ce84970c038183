import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createTestAuthority } from '../transports/testing/certificates.ts';
import { housekeepingEveryMs } from './duty-housekeeping.ts';
import { caller, createFixture, holdClock, webhookInput } from './testing/app-fixture.ts';

const dayMs = 24 * 3_600_000;

test('certificates of a webhook are told of 30, 7 and 1 days before they end and when they have, once each, by mail to its contacts too', async (t) => {
  const authority = await createTestAuthority('Ours');
  const { certPem: certificatePem, keyPem } = await authority.issue({ commonName: 'dam.example' });
  const endsAtMs = new X509Certificate(certificatePem).validToDate.getTime();
  const clock = holdClock(endsAtMs - 32 * dayMs + housekeepingEveryMs);
  const fixture = await createFixture({ clock });
  t.after(() => fixture.stop());
  const { webhooks } = fixture.app;
  const tls = { certificatePem, keyPem };
  const made = await webhooks.create(caller, webhookInput({ tls, contacts: ['shop@example.com'] }));
  const off = await webhooks.create(caller, webhookInput({ name: 'Off', tls }));
  await webhooks.disable(caller, off.body.id);
  const told = async () => {
    const { items } = await fixture.app.notices.list(caller, { limit: 100, subject: `webhook:${made.body.id}` });
    return items.filter(({ kind }) => kind.startsWith('webhook.certificate_'));
  };
  const counts = new Map<number, number>();
  for (let day = 32; day >= -3; day -= 1) {
    for (let hour = 0; hour < 24; hour += 12) {
      clock.advance(12 * housekeepingEveryMs);
      await fixture.doDuties();
    }
    counts.set(day - 1, (await told()).length);
  }
  const at = [31, 30, 29, 8, 7, 6, 2, 1, 0, -1, -3].map((day) => `${day}:${counts.get(day) ?? 'none'}`);
  assert.deepEqual(at, ['31:0', '30:1', '29:1', '8:1', '7:2', '6:2', '2:2', '1:3', '0:4', '-1:4', '-3:4']);
  const [last] = await told();
  assert.deepEqual([last?.kind, last?.severity], ['webhook.certificate_expired', 'error']);
  assert.match(last?.text ?? '', /^The client certificate of webhook "Shop" \(CN=dam\.example\) has ended at 20/);
  assert.deepEqual(last?.details['contacts'], ['shop@example.com']);
  const all = await fixture.app.notices.list(caller, { limit: 100, subject: `webhook:${off.body.id}` });
  assert.deepEqual(all.items, [], 'one that is switched off sends nothing');
});
