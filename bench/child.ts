/** A child process that answers one order at a time by message. */
import { fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Child = {
  readonly pid: number;
  /** What it said when it was ready: the port it listens on, or 0. */
  readonly port: number;
  /** Sends an order that is answered by one message. */
  ask<Answer>(order: unknown): Promise<Answer>;
  /** Sends an order that is not answered. */
  tell(order: unknown): void;
  /** Ends it; harmless twice. */
  stop(): Promise<void>;
};

/** Starts `bench/{name}.ts`; resolves when it says that it is ready. */
export async function startChild(
  name: 'receiver' | 'signed-receiver' | 'load' | 'bare' | 'uploader' | 'disk-writer' | 'upload-sink',
): Promise<Child> {
  const file = join(dirname(fileURLToPath(import.meta.url)), `${name}.ts`);
  const child = fork(file, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const message = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onMessage = (answer: unknown): void => {
        child.off('exit', onExit);
        resolve(answer);
      };
      const onExit = (code: number | null): void => {
        child.off('message', onMessage);
        reject(new Error(`bench/${name}.ts ended with ${code}`));
      };
      child.once('message', onMessage);
      child.once('exit', onExit);
    });

  const ready = (await message()) as { readonly port: number };
  return {
    pid: child.pid ?? -1,
    port: ready.port,
    ask: async <Answer>(order: unknown) => {
      const answer = message();
      child.send(order as object);
      return (await answer) as Answer;
    },
    tell: (order) => {
      child.send(order as object);
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
