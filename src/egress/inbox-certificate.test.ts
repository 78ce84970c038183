import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keepInboxCertificate } from './inbox-certificate.ts';

const directory = mkdtempSync(join(tmpdir(), 'assetwire-certificate-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const nowMs = Date.UTC(2026, 10, 22);
const day = 24 * 3_600_000;

test('the certificate of the inbox is kept over restarts, readable by its owner only, until it runs out, is damaged or names another host', () => {
  const first = keepInboxCertificate({ directory, host: '127.0.0.1', nowMs });
  assert.equal(statSync(join(directory, 'inbox-key.pem')).mode & 0o777, 0o600);
  assert.deepEqual(keepInboxCertificate({ directory, host: '127.0.0.1', nowMs: nowMs + 700 * day }), first);
  const renewed = keepInboxCertificate({ directory, host: '127.0.0.1', nowMs: nowMs + 790 * day });
  assert.notEqual(renewed.certPem, first.certPem);
  const other = keepInboxCertificate({ directory, host: '192.0.2.7', nowMs: nowMs + 790 * day });
  assert.notEqual(other.certPem, renewed.certPem);
  writeFileSync(join(directory, 'inbox-certificate.pem'), 'torn');
  const mended = keepInboxCertificate({ directory, host: '192.0.2.7', nowMs: nowMs + 790 * day });
  assert.match(mended.certPem, /BEGIN CERTIFICATE/);
});
