/**
 * Makes seeded calls to every operation of an OpenAPI document and judges every answer: none may be 5xx, come too late or
 * not at all, be of a status, type or schema that the document does not state, show anything of our insides, or anything
 * of another workspace. The same seed makes the same calls; what they meet depends on what earlier calls made.
 */
import fc from 'fast-check';
import { type AnswerCheck, createAnswerCheck, isJson, type Json, type OpenApi } from '../support/answer-check.ts';
import { createCallArbitraries, examplePlan, type Operation, operationsOf, type Plan } from './call-arbitraries.ts';
import type { KnownThings } from './known-things.ts';
import { type Answered, send, type Wire } from './send.ts';
import { wireOf } from './wire.ts';

export type FuzzOptions = {
  readonly document: OpenApi & Json;
  readonly url: string;
  readonly calls: number;
  readonly seed: number;
  readonly known: KnownThings;
  /** The key for an operation. */
  readonly tokenFor: (operation: Operation) => string;
  /** Texts that no answer may hold: names of another workspace, paths of the server. */
  readonly forbidden: readonly string[];
  readonly operations?: readonly Operation[];
  readonly timeoutMs?: number;
  /** Told now and then how far it is. */
  readonly progress?: (calls: number) => void;
};

export type OperationCount = { calls: number; good: number; readonly statuses: Set<number> };

export type FuzzReport = {
  readonly calls: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly operations: ReadonlyMap<string, OperationCount>;
  /** What was wrong, each kind once with the smallest call that still shows it. */
  readonly wrong: readonly string[];
};

const timeoutMsDefault = 60_000;
const concurrent = 4;
const chunk = 24;
const wrongMax = 20;
const spares = 3;
const furtherChoices = [7, 19, 31, 67];

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const run = createRun(options);
  const operations = options.operations ?? operationsOf(options.document);
  const arbitraryOf = createCallArbitraries(options.document);
  // First every operation as the document's own example has it, in the order of the document: there is something then.
  for (const operation of operations) await run.call(examplePlan(options.document, operation));
  // And a few of everything that can be made, so that what calls delete leaves something for others.
  for (const operation of operations.filter(({ method, template }) => method === 'POST' && !template.includes('{')))
    for (let more = 0; more < spares && run.calls() < options.calls; more += 1)
      await run.call(examplePlan(options.document, operation));
  // Where the example met no thing that it could be done to, it is tried on others; what deletes does so by these choices.
  for (const operation of operations)
    for (const choice of furtherChoices)
      if (run.operations.get(operation.id)?.good === 0 && run.calls() < options.calls)
        await run.call(examplePlan(options.document, operation, choice));
  for (let round = 0; run.calls() < options.calls && run.wrong().length < wrongMax; round += 1) {
    const columns = operations.map((operation, index) =>
      fc.sample(arbitraryOf(operation), { seed: options.seed + round * 1_009 + index, numRuns: chunk }),
    );
    const plans = Array.from({ length: chunk }, (_, row) =>
      columns.flatMap((column) => column.slice(row, row + 1)),
    ).flat();
    await inParallel(plans.slice(0, Math.max(0, options.calls - run.calls())), run.call);
    options.progress?.(run.calls());
  }
  return { calls: run.calls(), statuses: run.statuses, operations: run.operations, wrong: run.wrong() };
}

async function inParallel(plans: readonly Plan[], call: (plan: Plan) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let plan = plans[next++]; plan !== undefined; plan = plans[next++]) await call(plan);
  };
  await Promise.all(Array.from({ length: concurrent }, work));
}

function createRun(options: FuzzOptions) {
  const check = createAnswerCheck(options.document);
  const statuses = new Map<number, number>();
  const operations = new Map<string, OperationCount>();
  const found = new Map<string, string>();
  let calls = 0;

  const tried = async (
    wire: Wire,
    operation: Operation,
  ): Promise<{ answer: Answered | null; faults: readonly Fault[] }> => {
    try {
      const { url, timeoutMs = timeoutMsDefault } = options;
      const answer = await send(wire, { url, timeoutMs, streaming: operation.streaming });
      return { answer, faults: faultsOf({ check, wire, answer, operation, forbidden: options.forbidden }) };
    } catch (error) {
      return {
        answer: null,
        faults: [{ kind: 'no answer', what: error instanceof Error ? error.message : String(error) }],
      };
    }
  };

  const call = async (plan: Plan): Promise<void> => {
    const { operation } = plan;
    calls += 1;
    const wire = wireOf(plan, { known: options.known, token: options.tokenFor(operation) });
    const { answer, faults } = await tried(wire, operation);
    const count = operations.get(operation.id) ?? { calls: 0, good: 0, statuses: new Set() };
    operations.set(operation.id, count);
    count.calls += 1;
    if (answer !== null) {
      count.statuses.add(answer.status);
      if (answer.status < 400) count.good += 1;
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status < 300) options.known.learn(answer.text, wire.path);
      if (answer.status < 300 && wire.method === 'DELETE') options.known.deleted(wire.path);
      if (answer.status === 404 || answer.status === 410) options.known.forget(wire.path);
    }
    for (const fault of faults) {
      const key = `${operation.id} ${fault.kind}`;
      if (found.has(key)) continue;
      found.set(key, '');
      const still = async (one: Wire): Promise<boolean> =>
        (await tried(one, operation)).faults.some(({ kind }) => kind === fault.kind);
      const smallest = await shrunk(wire, still);
      found.set(key, `${key}: ${fault.what.slice(0, 900)}\n    by ${shownWire(smallest)}`);
    }
  };

  return { call, calls: () => calls, statuses, operations, wrong: () => [...found.values()].slice(0, wrongMax) };
}

type Fault = { readonly kind: string; readonly what: string };
type Seen = {
  readonly check: AnswerCheck;
  readonly wire: Wire;
  readonly answer: Answered;
  readonly operation: Operation;
  readonly forbidden: readonly string[];
};

/** What only our own insides look like. */
const insides =
  /\bat [^\n"]{0,200}\.(?:ts|js|mjs):\d+|node:internal|\/src\/[\w/-]+\.ts|SQLITE_|sqlite|ENOENT|EACCES|is not a function|Cannot read prop/;

function faultsOf({ check, wire, answer, operation, forbidden }: Seen): readonly Fault[] {
  const faults: Fault[] = [];
  const { status, text, contentType, headers } = answer;
  const stated = isJson(operation.node['responses']) && Object.hasOwn(operation.node['responses'], String(status));
  if (status >= 500 && !(stated && /^application\/json/.test(contentType ?? '')))
    faults.push({ kind: `status ${status}`, what: text });
  for (const problem of check.problemsOf({ method: wire.method, path: wire.path, status, contentType, headers, text }))
    faults.push({ kind: `not as stated (${status})`, what: problem });
  if (/problem\+json/.test(contentType ?? '') && insides.test(text)) faults.push({ kind: 'shows insides', what: text });
  for (const one of forbidden) if (text.includes(one)) faults.push({ kind: `holds "${one}"`, what: text });
  if (headers['x-content-type-options'] !== 'nosniff')
    faults.push({ kind: 'no nosniff', what: JSON.stringify(headers) });
  return faults;
}

const shrinkTries = 60;

/** The call with everything taken away that the fault does not need. */
async function shrunk(wire: Wire, still: (wire: Wire) => Promise<boolean>): Promise<Wire> {
  let smallest = wire;
  let tries = 0;
  for (let again = true; again && tries < shrinkTries; ) {
    again = false;
    for (const smaller of smallerOnes(smallest)) {
      if (++tries > shrinkTries) break;
      if (!(await still(smaller))) continue;
      smallest = smaller;
      again = true;
      break;
    }
  }
  return smallest;
}

function smallerOnes(wire: Wire): readonly Wire[] {
  const { path, headers, body } = wire;
  const [bare = '', query] = path.split('?');
  const parameters = query?.split('&') ?? [];
  const needed = ['authorization', 'content-type', 'content-length'];
  return [
    ...parameters.map((_, at) => ({
      ...wire,
      path: [bare, parameters.toSpliced(at, 1).join('&')].filter(Boolean).join('?'),
    })),
    ...Object.keys(headers)
      .filter((name) => !needed.includes(name))
      .map((name) => ({
        ...wire,
        headers: Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name)),
      })),
    ...smallerBodies(body).map((smaller) => ({
      ...wire,
      body: smaller,
      headers: { ...headers, 'content-length': String(smaller.length) },
    })),
  ];
}

function smallerBodies(body: Buffer | undefined): readonly Buffer[] {
  let value: unknown;
  try {
    value = JSON.parse(body?.toString() ?? '');
  } catch {
    return [];
  }
  return smallerValues(value).map((smaller) => Buffer.from(JSON.stringify(smaller)));
}

function smallerValues(value: unknown): readonly unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item, at) => [
      value.toSpliced(at, 1),
      ...smallerValues(item).map((one) => value.with(at, one) as unknown),
    ]);
  if (!isJson(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    Object.fromEntries(Object.entries(value).filter(([other]) => other !== key)),
    ...smallerValues(item).map((one) => ({ ...value, [key]: one })),
  ]);
}

function shownWire({ method, path, headers, body }: Wire): string {
  const { authorization: _key, 'content-length': _length, ...rest } = headers;
  const text = body === undefined ? '' : body.toString();
  return `${method} ${path.slice(0, 400)} ${JSON.stringify(rest).slice(0, 400)} ${text.length > 1_500 ? `${text.slice(0, 1_500)}… (${text.length})` : text}`;
}
