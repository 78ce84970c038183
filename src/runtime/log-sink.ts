/**
 * Where log lines go. Standard output may be a terminal, a pipe to a slow collector, a file on a full disk, or closed:
 * none of them may block the loop or end the server (HARDENING FX-05). A line that cannot be written is dropped and counted.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

export interface LogSink {
  write(line: string): void;
  /** Lines given up because the sink was closed, full or too slow. */
  dropped(): number;
}

/** Lines waiting for a slow reader are dropped beyond this; at 200 bytes each it is some 40,000 of them. */
const waitingBytesMax = 8 * 1024 * 1024;

/** The sink for standard output. */
export function createStdoutSink(): LogSink {
  return isFile(1) ? createFileSink(1) : createStreamSink(process.stdout);
}

/** Pipes, sockets and terminals: Node buffers what the reader does not take; we bound the buffer. */
export function createStreamSink(stream: Writable): LogSink {
  let dropped = 0;
  let closed = false;
  stream.on('error', () => {
    // Nobody reads any more (EPIPE). There is nowhere to say so; `dropped` is shown in the metrics.
    closed = true;
  });
  return {
    write(line) {
      if (closed || stream.destroyed || stream.writableLength > waitingBytesMax) dropped += 1;
      else stream.write(line);
    },
    dropped: () => dropped,
  };
}

/** Regular files: written at once, so that a full disk is felt by this line only and the next one may succeed. */
export function createFileSink(descriptor: number): LogSink {
  let dropped = 0;
  return {
    write(line) {
      try {
        writeSync(descriptor, line);
      } catch {
        dropped += 1;
      }
    },
    dropped: () => dropped,
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
