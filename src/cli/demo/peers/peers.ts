/** The demo's mail server and queue: both on the loopback, small, and gone with the demo. */
import type { Settings } from '../../../runtime/configuration.ts';
import type { Arrival } from '../demo-dialect.ts';
import { startDemoMailbox } from './mailbox.ts';
import { startDemoQueue } from './queue.ts';

export type DemoPeers = {
  /** What the server has to be told of them. */
  readonly settings: Pick<Settings, 'smtpUrl' | 'mailFrom' | 'sqsEndpoint' | 'allowedTargets'>;
  /** Hands over what has come and what comes. */
  listen(onArrival: (arrival: Arrival) => void): void;
  stop(): Promise<void>;
};

export async function startDemoPeers(): Promise<DemoPeers> {
  const early: Arrival[] = [];
  let tell = (arrival: Arrival): void => void early.push(arrival);
  const onArrival = (arrival: Arrival): void => tell(arrival);
  const [mailbox, queue] = await Promise.all([startDemoMailbox(onArrival), startDemoQueue(onArrival)]);
  return {
    settings: {
      smtpUrl: mailbox.url,
      mailFrom: 'dam@demo.example',
      sqsEndpoint: queue.url,
      allowedTargets: [new URL(queue.url).host],
    },
    listen(listener) {
      tell = listener;
      for (const arrival of early.splice(0)) listener(arrival);
    },
    stop: async () => void (await Promise.all([mailbox.stop(), queue.stop()])),
  };
}
