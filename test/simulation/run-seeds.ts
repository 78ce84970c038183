/** Runs seeds one after another and sums up. */
import { runClusterSeed } from './run-cluster-seed.ts';
import { type RunOptions, type RunResult, runSeed } from './run-seed.ts';

export type Summary = {
  readonly runs: number;
  readonly failed: readonly string[];
  /** Times at which a workspace beyond its share found the loop busy, over all runs. */
  readonly pressed: number;
};

const progressEvery = 25;

/** One process, or several on one store. */
export const modes = { one: runSeed, cluster: runClusterSeed } as const satisfies {
  readonly [mode: string]: (seed: number, options?: RunOptions) => Promise<RunResult>;
};
export type Mode = keyof typeof modes;

export type Seeds = {
  readonly from: number;
  readonly count: number;
  readonly mode: Mode;
  /** Nothing more is run once a seed has failed: one is enough to know that a mutant is noticed. */
  readonly untilFailed?: boolean;
};

export async function runSeeds(
  { from, count, mode, untilFailed = false }: Seeds,
  print: (line: string) => void,
): Promise<Summary> {
  const startedAtMs = performance.now();
  const results: RunResult[] = [];
  const failed: string[] = [];
  for (let seed = from; seed < from + count && !(untilFailed && failed.length > 0); seed += 1) {
    let result: RunResult;
    try {
      result = await modes[mode](seed);
    } catch (error) {
      failed.push(`seed ${seed} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      print(failed.at(-1) ?? '');
      continue;
    }
    results.push(result);
    for (const violation of result.violations.slice(0, 5)) failed.push(`seed ${seed}: ${violation}`);
    // A run without a fault in flight has shown nothing.
    if (result.struck.inFlight === 0) failed.push(`seed ${seed}: no fault struck while something was in flight`);
    if (result.violations.length > 0)
      print(`seed ${seed}: ${result.violations[0]} (${result.violations.length} in all)`);
    if ((seed - from + 1) % progressEvery === 0) print(`… ${seed - from + 1} of ${count}`);
  }
  const sum = (of: (result: RunResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  print(
    [
      `${results.length} runs in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s, ${failed.length} failures`,
      `${sum((run) => run.promised)} deliveries promised, ${sum((run) => run.arrivals)} requests received, ${sum((run) => run.duplicates)} of them again`,
      `${sum((run) => run.struck.crashes)} crashes, ${sum((run) => run.struck.storeErrors)} store errors, ${sum((run) => run.struck.receiverFaults)} receiver faults, ${sum((run) => run.struck.jumps)} clock jumps`,
      `${sum((run) => run.struck.inFlight)} faults struck while something was in flight; a workspace beyond its share found the loop busy ${sum((run) => run.pressed)} times; ${(sum((run) => run.virtualMs) / 3_600_000).toFixed(1)} hours of virtual time`,
      failed.length === 0
        ? 'All invariants held'
        : `Replay one: node test/simulation/main.ts${mode === 'one' ? '' : ' --cluster'} --seed ${/\d+/.exec(failed[0] ?? '')?.[0]}`,
    ].join('\n'),
  );
  return { runs: results.length, failed, pressed: sum((run) => run.pressed) };
}
