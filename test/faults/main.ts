/**
 * `npm run faults -- --kills N [--seed S]`: the kill loop by hand. Prints the sets; exit code 0 only if nothing accepted
 * was lost, nothing came that was not accepted, and every duplicate is explained by an attempt in flight at a kill.
 */
import { parseArgs } from 'node:util';
import { runKillLoop } from './kill-loop.ts';
import { judgeRun } from './judge-run.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const kills = Number(values.kills);
console.log(`kill loop: ${kills} kills, seed ${seed} (again with --seed ${seed})`);

const result = await runKillLoop({ kills, seed, log: (text) => console.log(text) });
const { lines, wrong } = judgeRun(result);
for (const line of lines) console.log(line);
for (const line of wrong) console.log(`WRONG: ${line}`);
console.log(wrong.length === 0 ? 'Held' : `Not held (seed ${seed})`);
process.exitCode = wrong.length === 0 ? 0 : 1;
