import { cost } from './cases/cost.ts';
import { hang } from './cases/hang.ts';
import { lanes } from './cases/lanes.ts';
import { latency } from './cases/latency.ts';
import { mail } from './cases/mail.ts';
import { many } from './cases/many.ts';
import { matching } from './cases/matching.ts';
import { pending } from './cases/pending.ts';
import { reads } from './cases/reads.ts';
import { render } from './cases/render.ts';
import { edits } from './cases/edits.ts';
import { rsa } from './cases/rsa.ts';
import { search } from './cases/search.ts';
import { sqs } from './cases/sqs.ts';
import { start } from './cases/start.ts';
import { states } from './cases/states.ts';
import { uploads } from './cases/uploads.ts';
import { workers } from './cases/workers.ts';
import type { BenchCase } from './figure.ts';

/** Every case, in the order in which they are run. */
export const benchCases: readonly BenchCase[] = [
  start,
  cost,
  latency,
  lanes,
  hang,
  reads,
  search,
  pending,
  many,
  states,
  uploads,
  edits,
  render,
  matching,
  rsa,
  sqs,
  mail,
  workers,
];
