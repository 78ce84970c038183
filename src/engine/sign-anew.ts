/**
 * A message as it would leave at this moment, signed with the keys in force and not sent: for people who repeat it by
 * hand. Its body is the one that was sent; its signature is real. What is secret in its own headers and in its address
 * stays masked, as in the log.
 */
import type { Links } from '../dialects/contract/message.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { SignAnew } from './engine.ts';
import { isUnusable, makeLaneSetup, shownMethod } from './lane-setup.ts';
import { maskedValue } from './masking.ts';
import { prepare } from './prepare.ts';
import type { Signer } from './signer.ts';

export type SignAnewDeps = Pick<EngineDeps, 'dialects' | 'transports'> & {
  readonly signer: Signer;
  readonly userAgent: string;
};

export function createSignAnew({ dialects, transports, signer, userAgent }: SignAnewDeps): SignAnew {
  return async ({ current, revision, task, body, links: made, atMs }) => {
    const links = (): Links => made;
    const setup = makeLaneSetup(current, { dialects, transports, links }, atMs);
    if (isUnusable(setup)) return { refusal: setup.unusable };
    const prepared = await prepare(
      { task, setup, revision, storedBody: body, attemptAtMs: atMs },
      { signer, userAgent },
    );
    if ('refusal' in prepared) return prepared;
    return {
      method: shownMethod(setup, prepared.method),
      url: setup.shownTarget,
      headers: prepared.shownHeaders,
      body: prepared.body,
      bodySha256: prepared.bodySha256,
      masked: [
        ...(setup.shownTarget === setup.target ? [] : ['url']),
        ...prepared.shownHeaders.filter(([, value]) => value.includes(maskedValue)).map(([name]) => name),
      ],
    };
  };
}
