/**
 * A message as it would leave, made by the same code that makes those that do, and not sent. No secret is used: what is
 * to be signed is answered with zeros, and headers that carry a signature are masked.
 */
import type { Links } from '../dialects/contract/message.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { Preview, PreviewInput, Previewer } from './engine.ts';
import { isUnusable, type LaneSetup, makeLaneSetup, shownMethod } from './lane-setup.ts';
import { maskedValue } from './masking.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { Signer } from './signer.ts';

export type PreviewDeps = Pick<EngineDeps, 'dialects' | 'transports'> & { readonly userAgent: string };

/** Nobody's key made these: a body that carries its own signature shows zeros in its place, under the key it asked for. */
const unsigned: Signer = {
  waiting: 0,
  keeps: () => Promise.resolve(true),
  sign: ({ key, algorithm }) => {
    const bytes = new Uint8Array(algorithm.startsWith('rsa') ? 256 : 64);
    return key.kind === 'signing-key' ? { bytes, keyId: key.id ?? unknownKey } : bytes;
  },
};
/** Stands for a key that would be chosen when the message leaves. */
const unknownKey = 'sgk_00000000000000000000000000';

export function createPreviewer({ dialects, transports, userAgent }: PreviewDeps): Previewer {
  return async (input) => {
    const { current, task, atMs } = input;
    const links = (): Links => input.links;
    const setup = makeLaneSetup(current, { dialects, transports, links }, atMs);
    if (isUnusable(setup)) return { refusal: setup.unusable };
    const made = await prepare(
      { task, setup, revision: current.webhook, storedBody: null, attemptAtMs: atMs },
      { signer: unsigned, userAgent },
    );
    return 'refusal' in made ? made : shown(input, setup, made);
  };
}

function shown({ task, atMs }: PreviewInput, setup: LaneSetup, made: Prepared): Preview {
  const signatures = new Set(
    setup.dialect
      .sign({
        body: made.body,
        messageId: task.delivery.messageId,
        webhook: setup.webhook,
        secrets: setup.references,
        attemptAtMs: atMs,
      })
      .map(({ placement }) => placement.header.toLowerCase()),
  );
  return {
    method: shownMethod(setup, made.method),
    url: setup.shownTarget,
    headers: made.shownHeaders.map(([name, value]) => [name, signatures.has(name.toLowerCase()) ? maskedValue : value]),
    body: made.body,
    bodySha256: made.bodySha256,
    ...(made.subject === undefined ? {} : { subject: made.subject }),
  };
}
