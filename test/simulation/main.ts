/**
 * `node test/simulation/main.ts --seeds 200 [--from S]` runs seeds; `--seed N` replays one and tells what happened;
 * `--cluster` has several workers on one store instead of one process; `--until-failed` ends with the first seed that fails.
 */
import { parseArgs } from 'node:util';
import { modes, runSeeds } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    cluster: { type: 'boolean', default: false },
    'until-failed': { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const mode = values.cluster ? 'cluster' : 'one';
if (values.seed !== undefined) {
  const result = await modes[mode](Number(values.seed), { log: print });
  print(JSON.stringify(result, null, 2));
  process.exitCode = result.violations.length > 0 || result.struck.inFlight === 0 ? 1 : 0;
} else {
  const summary = await runSeeds(
    { from: Number(values.from), count: Number(values.seeds), mode, untilFailed: values['until-failed'] },
    print,
  );
  process.exitCode = summary.failed.length === 0 ? 0 : 1;
}
