/**
 * A test of an endpoint before there is a webhook: a fake notification by the same rendering, guarded road and log, once, with a
 * webhook that was made for it, is told nothing else, and goes by itself. It touches nobody's health.
 */
import type { Caller, TestSent, WebhookInput } from './app.ts';
import { createTrial, type CreationDeps } from './webhook-create.ts';
import type { TestSend } from './webhook-test-send.ts';

export type TrialInput = {
  readonly webhook: WebhookInput;
  /** What the notification names as the asset. */
  readonly assetKey?: string;
};

export type TrialDeps = { readonly creation: CreationDeps; readonly send: TestSend };

/** Answers when the test is accepted; its attempt goes on by itself. */
export async function sendTrial(
  { creation, send }: TrialDeps,
  caller: Caller,
  { webhook, assetKey }: TrialInput,
): Promise<TestSent & { readonly webhookId: string }> {
  const { id } = await createTrial(creation, caller, webhook);
  const [event] = webhook.events;
  const sent = await send(caller, id, {
    ...(event === undefined ? {} : { event }),
    ...(assetKey === undefined ? {} : { assetKey }),
  });
  return { ...sent, webhookId: id };
}
