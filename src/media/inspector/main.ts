/**
 * The inspector: a process of its own that reads hostile files so that the server need not. It is started without our
 * environment, may read the program and the files and nothing else, may write nothing, and is killed when it takes too
 * long or too much. It answers each line of its standard input with one line.
 */
import { createInterface } from 'node:readline';
import type { Answer, Job } from './protocol.ts';
import { inspectFile } from './inspect-file.ts';

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });

// One after another: the server sends the next job only when this one is answered.
for await (const line of lines) {
  const job = JSON.parse(line) as Job;
  process.stdout.write(`${JSON.stringify(await answer(job))}\n`);
}

async function answer(job: Job): Promise<Answer> {
  try {
    return { id: job.id, ...(await inspectFile(job)) };
  } catch (error) {
    const note = error instanceof Error ? error.message : 'unknown error';
    return { id: job.id, kind: 'failed', code: 'unreadable', note };
  }
}
