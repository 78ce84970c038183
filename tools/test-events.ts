/**
 * A node:test reporter that writes what the runner needs as one JSON line per event: every test and suite that began or ended and every diagnostic. Handed to each test file by tools/run-tests.ts.
 */
type TestEvent = {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly message?: string;
    readonly nesting?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
    readonly details?: { readonly type?: string; readonly duration_ms?: number; readonly error?: unknown };
  };
};

/** One line of the report. */
export type TestRecord = {
  /** `begun`: it runs; another line with its place says how it ended. */
  readonly kind: 'pass' | 'fail' | 'skip' | 'todo' | 'suite-pass' | 'suite-fail' | 'begun';
  readonly name: string;
  readonly durationMs: number;
  readonly reason: string;
  /** Line and column of the test in its file: names may be said twice. */
  readonly at: string;
};

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // node:test wraps what was thrown; the cause is what happened.
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.stack ?? `${cause.name}: ${cause.message}`;
}

function kindOf(event: TestEvent): TestRecord['kind'] {
  if (event.data.details?.type === 'suite') return event.type === 'test:pass' ? 'suite-pass' : 'suite-fail';
  if (event.data.todo !== undefined && event.data.todo !== false) return 'todo';
  if (event.data.skip !== undefined && event.data.skip !== false) return 'skip';
  return event.type === 'test:pass' ? 'pass' : 'fail';
}

// A reporter is a default export by node:test's own rule.
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const { details, name = '', line, column } = event.data;
    const at = `${line ?? '?'}:${column ?? '?'}`;
    // Told as it begins, not in the order of the file: of a file that hangs one sees where.
    if (event.type === 'test:dequeue')
      yield `${JSON.stringify({ kind: 'begun', name, durationMs: 0, reason: '', at })}\n`;
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const record: TestRecord = {
      kind: kindOf(event),
      name,
      durationMs: details?.duration_ms ?? 0,
      reason: event.type === 'test:fail' ? describe(details?.error) : String(event.data.skip ?? event.data.todo ?? ''),
      at,
    };
    yield `${JSON.stringify(record)}\n`;
  }
}
