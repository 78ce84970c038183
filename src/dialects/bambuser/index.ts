import type { Dialect } from '../dialect.ts';
import { events } from './events.ts';
import { judge } from './judge.ts';
import { manage, presentError } from './manage.ts';
import { manifest } from './manifest.ts';
import { notify } from './notify.ts';
import { render } from './render.ts';
import { sign } from './sign.ts';

/** Bambuser's video platform: see README.md in this folder. */
export const bambuserDialect: Dialect = {
  manifest,
  events,
  notify,
  render,
  sign,
  judge,
  manage,
  presentError,
  keepsMessages: true,
};
