/** The thread that makes RSA signatures; see rsa-thread.ts. */
import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { yieldToOthers } from './thread-priority.ts';

export type RsaRequest = {
  readonly id: number;
  readonly keyId: string;
  /** The first time that a key is used, and whenever the caller forgot that it was sent. */
  readonly privateKeyPem?: string;
  readonly digest: 'sha1' | 'sha256';
  readonly content: readonly (string | Uint8Array)[];
};

/** `tookMs`: of the thread's own time. */
export type RsaAnswer = { readonly id: number; readonly tookMs: number } & (
  | { readonly signature: Uint8Array }
  | { readonly error: string }
);

const keys = new Map<string, KeyObject>();
const keysMax = 20_000;

function sign({ keyId, privateKeyPem, digest, content }: RsaRequest): Uint8Array {
  if (privateKeyPem !== undefined) {
    if (keys.size >= keysMax) keys.clear();
    keys.set(keyId, createPrivateKey(privateKeyPem));
  }
  const key = keys.get(keyId);
  if (key === undefined) throw new TypeError('A key must be sent before it is named');
  const signer = createSign(digest);
  for (const part of content) signer.update(part);
  return signer.sign(key);
}

yieldToOthers();

parentPort?.on('message', (request: RsaRequest) => {
  const before = process.threadCpuUsage();
  let made: { readonly signature: Uint8Array } | { readonly error: string };
  try {
    made = { signature: sign(request) };
  } catch (error) {
    made = { error: error instanceof Error ? error.message : 'The signature failed' };
  }
  const { user, system } = process.threadCpuUsage(before);
  const answer: RsaAnswer = { id: request.id, tookMs: (user + system) / 1_000, ...made };
  parentPort?.postMessage(answer);
});
