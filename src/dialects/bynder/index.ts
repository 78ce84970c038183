import type { Dialect } from '../dialect.ts';
import { events } from './events.ts';
import { judge } from './judge.ts';
import { manage, presentError } from './manage.ts';
import { manifest } from './manifest.ts';
import { eventsOff } from './modules.ts';
import { notify } from './notify.ts';
import { policyOf } from './policy.ts';
import { noticeDays } from './pre-archive.ts';
import { render } from './render.ts';
import { checkSettings } from './settings.ts';
import { sign } from './sign.ts';
import { receiverSetup } from './sqs-setup.ts';
import { verify } from './verify.ts';

/** Bynder, by way of Amazon SNS: see README.md in this folder. */
export const bynderDialect: Dialect = {
  manifest,
  events,
  notify,
  // A media object tells the state and nothing of what changed: one save is one notification of each event.
  oncePerMoment: true,
  render,
  sign,
  judge,
  policyOf,
  eventsOff,
  archiveNoticeDays: noticeDays,
  receiverSetup,
  checkSettings,
  verify,
  manage,
  presentError,
};
