/** What the exit code says. docs/reference/cli.md and `assetwire --help` are drawn from this; scripts depend on it, so a number is never reused. */
export const exitCodes = {
  done: 0,
  /** The command ran and what it was to achieve did not come about (a demo that did not verify, a failed upload). */
  failed: 1,
  /** The command line itself: unknown command or option, missing argument. */
  usage: 2,
  configuration: 3,
  /** No server answers at the address. */
  unreachable: 4,
  /** The key is missing, not accepted, or lacks the scope. */
  forbidden: 5,
  notFound: 6,
  /** The server refused what was asked (another 4xx). */
  refused: 7,
  /** The server could not (5xx). */
  serverFailed: 8,
  /** Data directory, encryption key or store cannot be used, or another process holds them. */
  store: 9,
  /** The address to listen on is taken or not ours. */
  port: 10,
  /** An error of ours that nobody foresaw. */
  crashed: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One line for each, as it is shown. */
export const exitCodeMeanings: { readonly [Name in keyof typeof exitCodes]: string } = {
  done: 'done',
  failed: 'the command ran, and what it was to achieve did not come about',
  usage: 'the command line was not understood',
  configuration: 'the configuration does not fit',
  unreachable: 'no server answers at the address',
  forbidden: 'the key is missing, not accepted, or lacks the scope',
  notFound: 'not found',
  refused: 'the server refused what was asked (another 4xx)',
  serverFailed: 'the server could not (5xx)',
  store: 'data directory, encryption key or store cannot be used, or another process holds them',
  port: 'the address to listen on is taken or not ours',
  crashed: 'an error of ours that nobody foresaw',
  interrupted: 'interrupted (Ctrl-C)',
  terminated: 'ended by SIGTERM',
};
