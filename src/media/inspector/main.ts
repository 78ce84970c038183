/**
 * The inspector: a process of its own that reads hostile files so that the server need not. It is started without our
 * environment, may read the program and the files and nothing else, may write nothing, and is killed when it takes too
 * long or too much. It answers each line of its standard input with one line, and behind it the pictures it made or the packet it found.
 */
import { createInterface } from 'node:readline';
import { deriveFile } from './derive-file.ts';
import { inspectFile } from './inspect-file.ts';
import type { Answer, Job } from './protocol.ts';
import { readXmp } from './read-xmp.ts';
import type { XmpResult } from '../media.ts';

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });

type Reply = { readonly answer: Answer; readonly contents: readonly Uint8Array[] };

// One after another: the server sends the next job only when this one is answered.
for await (const line of lines) {
  const job = JSON.parse(line) as Job;
  const { answer, contents } = await reply(job);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  for (const content of contents) process.stdout.write(content);
}

async function reply(job: Job): Promise<Reply> {
  const { id } = job;
  try {
    if (job.kind === 'inspect') return { answer: { id, ...(await inspectFile(job)) }, contents: [] };
    if (job.kind === 'xmp') return xmpReply(id, await readXmp(job));
    const derived = await deriveFile(job);
    if (derived.kind === 'failed') return { answer: { id, ...derived }, contents: [] };
    const renditions = derived.renditions.map(({ content, ...head }) => ({ ...head, bytes: content.length }));
    return { answer: { id, kind: 'derived', renditions }, contents: derived.renditions.map(({ content }) => content) };
  } catch (error) {
    // Notes are shown to people; where the file lies is ours alone.
    const note = (error instanceof Error ? error.message : 'unknown error').replaceAll(job.path, 'the file');
    return { answer: { id, kind: 'failed', code: 'unreadable', note }, contents: [] };
  }
}

function xmpReply(id: number, found: XmpResult): Reply {
  if (found.kind === 'failed') return { answer: { id, ...found }, contents: [] };
  const content = found.kind === 'packet' ? found.content : new Uint8Array();
  return { answer: { id, kind: 'packet', bytes: content.length }, contents: [content] };
}
