/**
 * An error that the person who runs the server can mend: a wrong setting, a directory that cannot be written, a port
 * that is taken. It is shown as one paragraph, without a stack. Messages follow the grammar of the error table: capital
 * letter, what was wanted, a colon, what was found, no full stop.
 */
export type OperatorErrorCode =
  | 'configuration'
  | 'data_directory'
  | 'encryption_key'
  | 'port_taken'
  | 'address_unusable'
  | 'already_running'
  | 'store_unusable'
  | 'files_apart'
  | 'node_version';

export class OperatorError extends Error {
  readonly code: OperatorErrorCode;
  /** What to do about it, as a sentence or a command. */
  readonly mend: string;
  /** What is wrong lies with another service and may be right in a moment; false where somebody has to mend it. */
  readonly mayPass: boolean;

  constructor(
    code: OperatorErrorCode,
    message: string,
    { mend, cause, mayPass = false }: { readonly mend: string; readonly cause?: unknown; readonly mayPass?: boolean },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OperatorError';
    this.code = code;
    this.mend = mend;
    this.mayPass = mayPass;
  }
}

/** The code of a failed system call (`ENOSPC`, `EACCES`…), or null for anything else. */
export function systemCode(error: unknown): string | null {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return null;
}
