/** What is said of an error, and the exit code it ends with: what was wanted, what was found, how to mend it. No stacks but for our own bugs. */
import { AssetwireError } from '../core/errors.ts';
import { escapeControls } from '../runtime/log-human.ts';
import { scrubText } from '../runtime/log-scrub.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { OperatorErrorCode } from '../runtime/operator-error.ts';
import { RefusedError, UnreachableError } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { InterruptedError } from './interrupt.ts';

export type ErrorReport = {
  readonly code: string;
  readonly message: string;
  readonly mend: string | null;
  readonly problems: readonly { readonly at: string; readonly wanted: string; readonly found: string }[];
  readonly exitCode: ExitCode;
  readonly stack: string | null;
};

/** A command that ends with an error of its own. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  readonly mend: string | null;
  constructor(message: string, mend: string | null, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.name = 'CommandError';
    this.mend = mend;
    this.exitCode = exitCode;
  }
}

const operatorExitCodes: { readonly [Code in OperatorErrorCode]: ExitCode } = {
  configuration: exitCodes.configuration,
  data_directory: exitCodes.store,
  encryption_key: exitCodes.store,
  already_running: exitCodes.store,
  store_unusable: exitCodes.store,
  files_apart: exitCodes.store,
  port_taken: exitCodes.port,
  address_unusable: exitCodes.port,
  node_version: exitCodes.configuration,
};

/** Reads an error of any kind. */
export function reportOf(error: unknown): ErrorReport {
  const plain = { problems: [], stack: null };
  if (error instanceof OperatorError) {
    return {
      ...plain,
      code: error.code,
      message: error.message,
      mend: error.mend,
      exitCode: operatorExitCodes[error.code],
    };
  }
  if (error instanceof CommandError) {
    return { ...plain, code: 'failed', message: error.message, mend: error.mend, exitCode: error.exitCode };
  }
  if (error instanceof InterruptedError) {
    const { message, mend, signal } = error;
    const exitCode = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
    return { ...plain, code: 'interrupted', message, mend, exitCode };
  }
  if (error instanceof UnreachableError) {
    const mend = 'Start it with `assetwire serve`, or name another with ASSETWIRE_URL or --url';
    return { ...plain, code: 'unreachable', message: error.message, mend, exitCode: exitCodes.unreachable };
  }
  if (error instanceof RefusedError) return refusedReport(error);
  if (error instanceof AssetwireError) {
    const { code, message, mend = null, problems } = error;
    return { code, message, mend, problems, exitCode: exitCodes.store, stack: null };
  }
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message,
    mend: 'This is a bug of Assetwire; please report it',
    problems: [],
    exitCode: exitCodes.crashed,
    stack,
  };
}

function refusedReport(error: RefusedError): ErrorReport {
  const { code, message, problems, status } = error;
  const unauthenticated =
    status === 401 ? 'Give a valid key with ASSETWIRE_KEY, or run the command where the data directory is' : null;
  return {
    code,
    message,
    mend: error.mend ?? unauthenticated,
    problems,
    exitCode: refusedExitCode(status),
    stack: null,
  };
}

function refusedExitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.forbidden;
  if (status === 404) return exitCodes.notFound;
  return status >= 500 ? exitCodes.serverFailed : exitCodes.refused;
}

/** The report as text for people. */
export function formatReport({ message, mend, problems, stack }: ErrorReport): string {
  const lines = [`error: ${message.split('\n').map(escapeControls).join('\n')}`];
  for (const { at, wanted, found } of problems) lines.push(escapeControls(`  ${at}: wanted ${wanted}; found ${found}`));
  if (mend !== null) lines.push(`mend:  ${escapeControls(mend)}`);
  if (stack !== null) lines.push(scrubText(stack));
  return `${lines.join('\n')}\n`;
}
