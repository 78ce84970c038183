/** Waits for what becomes of one delivery: of a test, of a redelivery. */
import type { DeliveryView } from '../app/app.ts';
import type { Client } from './client.ts';
import type { CliContext } from './context.ts';
import { CommandError } from './error-report.ts';
import { interruptible } from './interrupt.ts';
import { coloursOf, printJson } from './output.ts';

const pollMs = 100;
/** An attempt has 15 s unless the policy says otherwise; a receiver that takes longer is worth a word before it ends. */
const waitMsMax = 20_000;

export type Watched = { readonly deliveryId: string; readonly json: boolean | undefined };

/** Until the delivery has ended or its first attempt has. Throws where that was not a success. */
export async function watchDelivery(client: Client, { deliveryId, json }: Watched, context: CliContext): Promise<void> {
  const delivery = await interruptible(context, (abort) =>
    firstResult(client, { deliveryId, abort: abort.signal }, context),
  );
  const last = delivery.attemptRecords.at(-1);
  if (json === true)
    printJson(context.stdout, { deliveryId, state: delivery.state, attempts: delivery.attemptRecords });
  const see = `See it with: assetwire deliveries show ${deliveryId}`;
  if (last === undefined)
    throw new CommandError(`Delivery must be attempted within ${waitMsMax / 1_000} s: it is ${delivery.state}`, see);
  const answer = last.response === undefined ? `${last.outcome}: ${last.code}` : `answered ${last.response.status}`;
  if (delivery.state !== 'delivered')
    throw new CommandError(
      `Delivery must be taken: the receiver ${last.response === undefined ? 'could not be asked' : 'refused'} (${answer})`,
      see,
    );
  if (json === true) return;
  const { green, dim } = coloursOf(context.stdout);
  const took = `${Math.round(last.timing.totalMs)} ms`;
  context.stdout.write(`${green('✓')} ${deliveryId}  ${answer} after ${took}\n${dim(`  ${see}\n`)}`);
}

type Awaited = { readonly deliveryId: string; readonly abort: AbortSignal };

async function firstResult(
  client: Client,
  { deliveryId, abort }: Awaited,
  { clock }: CliContext,
): Promise<DeliveryView> {
  const untilMs = clock.monotonicMs() + waitMsMax;
  for (;;) {
    const delivery = await client.get<DeliveryView>(`/v1/deliveries/${encodeURIComponent(deliveryId)}`);
    const over = delivery.attemptRecords.length > 0 || (delivery.state !== 'pending' && delivery.state !== 'held');
    if (over || abort.aborted || clock.monotonicMs() > untilMs) return delivery;
    await new Promise<void>((resolve) => clock.timer(pollMs, resolve));
  }
}
