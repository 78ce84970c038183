/** `node test/simulation/main.ts --seeds 200 [--from S]` runs seeds; `--seed N` replays one and tells what happened. */
import { parseArgs } from 'node:util';
import { runSeed } from './run-seed.ts';
import { runSeeds } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

if (values.seed !== undefined) {
  const result = await runSeed(Number(values.seed), { log: print });
  print(JSON.stringify(result, null, 2));
  process.exitCode = result.violations.length > 0 || result.struck.inFlight === 0 ? 1 : 0;
} else {
  const summary = await runSeeds(Number(values.from), Number(values.seeds), print);
  process.exitCode = summary.failed.length === 0 ? 0 : 1;
}
