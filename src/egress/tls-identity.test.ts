import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestAuthority } from '../transports/testing/certificates.ts';
import { createTlsContexts } from './tls-identity.ts';

/** As OpenSSL names TLS 1.2. */
const tls12 = 0x0303;

test('TL-05 every context speaks TLS 1.2 at least, whatever the process was started with', async () => {
  const { certPem: caPem } = await createTestAuthority();
  const contexts = createTlsContexts();
  for (const material of [undefined, { id: 'wh_1', caPem }]) {
    const { context } = contexts.contextOf(material) as { readonly context: { getMinProto(): number } };
    assert.equal(context.getMinProto(), tls12);
  }
});
