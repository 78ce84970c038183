/**
 * `npm run faults -- --kills N [--seed S] [--store postgres]`: the kill loop by hand; on PostgreSQL one process takes requests
 * and three workers deliver, of which one is killed every second or two, and now and then the database. Prints the sets; exit code 0 only if nothing accepted
 * was lost, nothing came that was not accepted, and every duplicate is explained by an attempt in flight at a kill.
 *
 * `npm run faults -- --soak MINUTES [--seed S]`: steady load for so long, all faults at a low rate, and what the server takes.
 */
import { parseArgs } from 'node:util';
import { runKillLoop } from './kill-loop.ts';
import { judgeRun } from './judge-run.ts';
import { judgeWorkers, runKillWorkers } from './kill-workers.ts';
import { judgeSoak, runSoak } from './soak.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    soak: { type: 'string' },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const kills = Number(values.kills);
const what = values.soak === undefined ? `kill loop: ${kills} kills` : `soak: ${values.soak} minutes`;
console.log(`${what}, seed ${seed} (again with --seed ${seed})`);

const log = (text: string): void => console.log(text);
const { lines, wrong } =
  values.soak !== undefined
    ? judgeSoak(await runSoak({ seconds: Number(values.soak) * 60, seed, log }))
    : values.store === 'postgres'
      ? judgeWorkers(await runKillWorkers({ kills, seed, log, machinesLost: 0.05, database: true }))
      : judgeRun(await runKillLoop({ kills, seed, log }));
for (const line of lines) console.log(line);
for (const line of wrong) console.log(`WRONG: ${line}`);
console.log(wrong.length === 0 ? 'Held' : `Not held (seed ${seed})`);
process.exitCode = wrong.length === 0 ? 0 : 1;
