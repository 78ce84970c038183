import { AssetwireError, type Problem } from './errors.ts';
import type { DeliveryPolicy, DisableRule, PolicyOverride } from './policy.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What a policy may say, inclusive. Documented in docs/concepts/dialects.md. */
export const policyBounds = {
  timeoutMs: [1_000, 60_000],
  delaysMax: 200,
  /** With a jitter of at most ±100 % a wait stays below `silenceResetMs` of the disable rules. */
  delayMs: [0, 36 * hourMs],
  /** Attempts after the list of waits: at least a second apart, so that a schedule is no hot loop. */
  furtherEveryMs: [1_000, 36 * hourMs],
  furtherTimes: [1, 200_000],
  jitter: [0, 1],
  ageMaxMs: [minuteMs, 30 * dayMs],
  retryAfterCapMs: [0, dayMs],
  status: [100, 599],
  statusEntriesMax: 100,
  concurrencyMax: [1, 256],
  requestsPerSecondMax: [0.01, 100_000],
  bytesPerSecondMax: [1_024, 10_000_000_000],
  breakerFailures: [1, 10_000],
  breakerOpenMs: [100, hourMs],
  breakerOpenMsMax: [100, dayMs],
  disableRulesMax: 8,
  windowFailures: [1, 1_000],
  windowMs: [1_000, dayMs],
  continuedForMs: [hourMs, 30 * dayMs],
  continuedAttemptsMin: [1, 10_000],
  refusedTimes: [1, 100],
} as const;

type Range = readonly [from: number, to: number];
type Check = (value: unknown, at: string, problems: Problem[]) => void;
type Shape = { readonly [name: string]: unknown };

/**
 * The policy a webhook is delivered by: the dialect's, with what the webhook says of its own. Each named rule replaces the
 * dialect's whole. Throws `invalid_policy` with every problem found where an override is outside `policyBounds`.
 */
export function resolvePolicy(policy: DeliveryPolicy, override: PolicyOverride): DeliveryPolicy {
  const problems = policyProblems(override);
  if (problems.length > 0) {
    throw new AssetwireError('invalid_policy', {
      detail: `The policy must stay within its bounds: got ${problems.length} ${problems.length === 1 ? 'value' : 'values'} outside`,
      mend: 'Correct the values listed in problems, or leave them out to take those of the dialect',
      problems,
    });
  }
  return { ...policy, ...override };
}

/** Everything that is wrong with an override; it may come from outside, so nothing of its shape is taken for granted. */
export function policyProblems(override: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  if (!isShape(override)) return [{ at: 'policy', wanted: 'an object', found: nameOf(override) }];
  for (const [name, value] of Object.entries(override)) {
    const at = `policy.${name}`;
    if (Object.hasOwn(checks, name)) checks[name as keyof DeliveryPolicy](value, at, problems);
    else problems.push({ at, wanted: `one of ${Object.keys(checks).join(', ')}`, found: 'a rule that does not exist' });
  }
  return problems;
}

const checks: { readonly [Name in keyof DeliveryPolicy]-?: Check } = {
  timeoutMs: wholeIn(policyBounds.timeoutMs),
  success: statuses(1),
  rejected: statuses(0),
  schedule: fields({
    delaysMs: listOf(wholeIn(policyBounds.delayMs), 0, policyBounds.delaysMax),
    then: orAbsent(
      fields({ everyMs: wholeIn(policyBounds.furtherEveryMs), times: wholeIn(policyBounds.furtherTimes) }),
    ),
    jitter: numberIn(policyBounds.jitter),
    ageMaxMs: wholeIn(policyBounds.ageMaxMs),
  }),
  retryAfter: orNull(
    fields({
      statuses: listOf(wholeIn(policyBounds.status), 1, policyBounds.statusEntriesMax),
      capMs: wholeIn(policyBounds.retryAfterCapMs),
      throttlesLane: oneOf([true, false]),
    }),
  ),
  concurrencyMax: wholeIn(policyBounds.concurrencyMax),
  requestsPerSecondMax: orNull(numberIn(policyBounds.requestsPerSecondMax)),
  bytesPerSecondMax: orNull(numberIn(policyBounds.bytesPerSecondMax)),
  order: oneOf(['none', 'webhook', 'subject']),
  onDead: oneOf(['skip', 'stop']),
  breaker: orNull(breaker),
  disable: listOf(disableRule, 0, policyBounds.disableRulesMax),
  onEnable: fields({ held: oneOf(['send', 'cancel']), missed: oneOf(['replay', 'skip']) }),
};

function breaker(value: unknown, at: string, problems: Problem[]): void {
  const before = problems.length;
  fields({
    failuresToOpen: wholeIn(policyBounds.breakerFailures),
    openMs: wholeIn(policyBounds.breakerOpenMs),
    openMsMax: wholeIn(policyBounds.breakerOpenMsMax),
  })(value, at, problems);
  if (problems.length > before || !isShape(value)) return;
  if (Number(value['openMsMax']) < Number(value['openMs'])) {
    problems.push({ at: `${at}.openMsMax`, wanted: 'at least openMs', found: String(value['openMsMax']) });
  }
}

const disableRuleFields: { readonly [Kind in DisableRule['kind']]: { readonly [field: string]: Check } } = {
  window: { failures: failuresInWindow, windowMs: wholeIn(policyBounds.windowMs) },
  continued: {
    forMs: wholeIn(policyBounds.continuedForMs),
    attemptsMin: wholeIn(policyBounds.continuedAttemptsMin),
  },
  status: { status: wholeIn([400, 599]) },
  refused: { times: wholeIn(policyBounds.refusedTimes) },
};

function disableRule(value: unknown, at: string, problems: Problem[]): void {
  const kind = isShape(value) ? value['kind'] : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(disableRuleFields, kind)) {
    problems.push({
      at: `${at}.kind`,
      wanted: `one of ${Object.keys(disableRuleFields).join(', ')}`,
      found: nameOf(kind),
    });
    return;
  }
  fields({ kind: oneOf([kind]), ...disableRuleFields[kind as DisableRule['kind']] })(value, at, problems);
}

function failuresInWindow(value: unknown, at: string, problems: Problem[]): void {
  if (value !== -1) wholeIn(policyBounds.windowFailures, ', or −1 for never')(value, at, problems);
}

function statuses(entriesMin: number): Check {
  const whole = wholeIn(policyBounds.status);
  const entry: Check = (value, at, problems) => {
    if (!Array.isArray(value)) return whole(value, at, problems);
    const before = problems.length;
    listOf(whole, 2, 2)(value, at, problems);
    if (problems.length === before && Number(value[0]) > Number(value[1])) {
      problems.push({ at, wanted: 'a range from low to high', found: `${value[0]} to ${value[1]}` });
    }
  };
  return listOf(entry, entriesMin, policyBounds.statusEntriesMax);
}

function numberIn([from, to]: Range): Check {
  return (value, at, problems) => {
    if (typeof value === 'number' && value >= from && value <= to) return;
    problems.push({ at, wanted: `a number from ${from} to ${to}`, found: nameOf(value) });
  };
}

function wholeIn([from, to]: Range, addition = ''): Check {
  return (value, at, problems) => {
    if (Number.isInteger(value) && Number(value) >= from && Number(value) <= to) return;
    problems.push({ at, wanted: `a whole number from ${from} to ${to}${addition}`, found: nameOf(value) });
  };
}

function oneOf(values: readonly (string | boolean)[]): Check {
  return (value, at, problems) => {
    if (values.some((allowed) => allowed === value)) return;
    problems.push({ at, wanted: `one of ${values.join(', ')}`, found: nameOf(value) });
  };
}

function orNull(check: Check): Check {
  return (value, at, problems) => {
    if (value !== null) check(value, at, problems);
  };
}

function orAbsent(check: Check): Check {
  return (value, at, problems) => {
    if (value !== undefined) check(value, at, problems);
  };
}

function listOf(check: Check, lengthMin: number, lengthMax: number): Check {
  return (value, at, problems) => {
    if (!Array.isArray(value) || value.length < lengthMin || value.length > lengthMax) {
      const found = Array.isArray(value) ? `${value.length} entries` : nameOf(value);
      problems.push({ at, wanted: `a list of ${lengthMin} to ${lengthMax} entries`, found });
      return;
    }
    for (const [index, entry] of value.entries()) check(entry, `${at}.${index}`, problems);
  };
}

function fields(shape: { readonly [name: string]: Check }): Check {
  return (value, at, problems) => {
    if (!isShape(value)) {
      problems.push({ at, wanted: 'an object', found: nameOf(value) });
      return;
    }
    for (const [name, check] of Object.entries(shape)) check(value[name], `${at}.${name}`, problems);
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(shape, name))
        problems.push({ at: `${at}.${name}`, wanted: 'nothing', found: 'an unknown field' });
    }
  };
}

function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return value.length > 40 ? `text of ${value.length} characters` : `"${value}"`;
  return Array.isArray(value) ? 'a list' : 'an object';
}
