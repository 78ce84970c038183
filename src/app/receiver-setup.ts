/** What the receiver's side has to set up before deliveries can arrive there, as its dialect says. */
import { readMailAddress } from '../core/mail-address.ts';
import { readQueueArn } from '../core/queue-arn.ts';
import type { Target, Webhook } from '../core/webhook.ts';
import type { SetupStep } from '../dialects/dialect.ts';
import type { AppDeps } from './dependencies.ts';
import { unfit } from './refusals.ts';

type SetupDeps = {
  readonly dialects: AppDeps['dialects'];
  readonly settings: Pick<AppDeps['settings'], 'awsPrincipal'>;
};

/** For a webhook that is there, or is about to be made. */
export function setupOf(
  { dialects, settings }: SetupDeps,
  { dialect, target, credentials }: Pick<Webhook, 'dialect' | 'target' | 'credentials'>,
): readonly SetupStep[] {
  const steps = dialects.get(dialect)?.receiverSetup?.({
    target,
    awsPrincipal: settings.awsPrincipal ?? null,
    ownKeys: credentials.kind === 'aws',
  });
  return steps ?? [];
}

/** A target as people write it: the ARN of a queue, a mail address, a URL. Throws `invalid_request`. */
export function targetNamed(text: string): Target {
  if (text.startsWith('arn:')) {
    const reading = readQueueArn(text);
    if (!reading.ok) throw unfit('/target', reading.wanted, reading.found);
    return { transport: 'sqs', queue: reading.queue.arn };
  }
  if (/^https?:/.test(text)) return { transport: 'http', url: text };
  const reading = readMailAddress(text);
  if (!reading.ok) throw unfit('/target', 'the ARN of a queue, a URL or an e-mail address', reading.found);
  return { transport: 'email', address: reading.address };
}
