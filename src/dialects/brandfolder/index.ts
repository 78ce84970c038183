import type { Dialect } from '../dialect.ts';
import { events } from './events.ts';
import { judge } from './judge.ts';
import { manage, presentError } from './manage.ts';
import { manifest } from './manifest.ts';
import { notify } from './notify.ts';
import { policyFor } from './properties.ts';
import { render } from './render.ts';
import { sign } from './sign.ts';

/** Brandfolder (by Smartsheet): see README.md in this folder. */
export const brandfolderDialect: Dialect = {
  manifest,
  events,
  notify,
  render,
  oncePerMoment: true,
  sign,
  judge,
  policyFor,
  manage,
  presentError,
};
