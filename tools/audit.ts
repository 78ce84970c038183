/**
 * `npm run audit`: asks the registry which published holes are in what ships (dependencies that run, as the lockfile has
 * them), and fails on every one of weight `high` or `critical` that is not excepted below. Before every release; it needs a
 * registry that answers, so it is no part of `npm run check`, which holds the lockfile against a list of known holes instead.
 *
 * Ends with 0 where nothing was found, 1 where something was, 2 where nobody answered: then nothing is known.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A hole that ships, for a while, because it cannot be reached. */
export type Exception = {
  /** The advisory's id, as its address ends: `GHSA-…`. */
  readonly advisory: string;
  readonly package: string;
  /** Why nobody can reach it here. */
  readonly reason: string;
  /** The last day it holds, `YYYY-MM-DD`; at most 90 days ahead when it is written. */
  readonly until: string;
};

const exceptions: readonly Exception[] = [];

const exceptionDaysMax = 90;
const dayMs = 24 * 3_600_000;
const weighty: ReadonlySet<string> = new Set(['high', 'critical']);

export type Hole = {
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  readonly url: string;
};

/** What npm's report says that is heavy enough; null where it is no report. */
export function holesOf(report: unknown): readonly Hole[] | null {
  if (!isRecord(report) || !isRecord(report['vulnerabilities'])) return null;
  return Object.entries(report['vulnerabilities']).flatMap(([name, one]) => {
    const via: readonly unknown[] = isRecord(one) && Array.isArray(one['via']) ? one['via'] : [];
    // A text names the package of which this one has the hole, which has its own entry.
    return via
      .filter(isRecord)
      .map(({ severity, title, url }) => ({
        package: name,
        severity: String(severity),
        title: String(title),
        url: String(url),
      }))
      .filter(({ severity }) => weighty.has(severity));
  });
}

/** What hinders a release: holes without a valid exception, exceptions that have run out, last too long or except nothing. */
export function auditProblems(holes: readonly Hole[], list: readonly Exception[], nowMs: number): readonly string[] {
  const excepts = ({ advisory, package: name }: Exception, hole: Hole): boolean =>
    name === hole.package && hole.url.endsWith(`/${advisory}`);
  const valid = list.filter(({ until }) => Date.parse(until) + dayMs > nowMs);
  return [
    ...holes
      .filter((hole) => !valid.some((one) => excepts(one, hole)))
      .map(({ package: name, severity, title, url }) => `${name}: ${severity}: ${title} (${url})`),
    ...list.flatMap((one) => {
      const what = `The exception of ${one.advisory} for ${one.package}`;
      const aheadMs = Date.parse(one.until) - nowMs;
      if (!valid.includes(one)) return [`${what} has run out on ${one.until}`];
      if (!(aheadMs <= exceptionDaysMax * dayMs))
        return [`${what} must end within ${exceptionDaysMax} days: ${one.until}`];
      return holes.some((hole) => excepts(one, hole)) ? [] : [`${what} excepts nothing: take it out`];
    }),
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function audit(): number {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const args = ['audit', '--omit=dev', '--package-lock-only', '--json', '--loglevel=error'];
  const { stdout, stderr, error } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', timeout: 120_000 });
  let report: unknown;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = null;
  }
  const holes = holesOf(report);
  if (holes === null) {
    const said =
      isRecord(report) && typeof report['message'] === 'string' ? report['message'] : `${stderr}${error ?? ''}`;
    console.error(`The registry did not answer the audit, so nothing is known of holes: ${said.trim().slice(0, 500)}`);
    console.error('Ask again, or name a registry that answers: npm run audit --registry=https://registry.npmjs.org');
    return 2;
  }
  const problems = auditProblems(holes, exceptions, Date.now());
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return 1;
  console.log(`Nothing of weight is known of what ships; ${exceptions.length} excepted`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = audit();
