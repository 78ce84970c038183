/**
 * The log: JSON, one record per line, or one readable line per record on a terminal. A record is an event name and
 * fields (`logger.info('delivery.attempted', {…})`), not a sentence. Whatever comes in from outside is made safe on the
 * way out: secrets masked, values cut, line and terminal control characters escaped (HARDENING LG-01, LG-02).
 */
import pino from 'pino';
import type { LogLevel } from './configuration.ts';
import { scrubFields, scrubText } from './log-scrub.ts';
import { formatHuman } from './log-human.ts';
import type { LogSink } from './log-sink.ts';

export type LogFields = { readonly [field: string]: unknown };

export interface Logger {
  fatal(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  trace(event: string, fields?: LogFields): void;
  /** A logger whose records all carry these fields. */
  with(fields: LogFields): Logger;
  /** Whether records of this level are written: to spare the making of costly fields. */
  enabled(level: Exclude<LogLevel, 'silent'>): boolean;
}

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly format: 'json' | 'human';
  readonly sink: LogSink;
  readonly colour?: boolean;
};

/** A logger that writes to a sink. Never throws and never waits. */
export function createLogger({ level, format, sink, colour = false }: LoggerOptions): Logger {
  const destination = {
    write: (line: string) => sink.write(format === 'human' ? formatHuman(line, colour) : escapeLine(line)),
  };
  const base = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return wrap(base);
}

function wrap(target: pino.Logger): Logger {
  const write = (level: Exclude<LogLevel, 'silent'>, event: string, fields: LogFields | undefined): void => {
    if (!target.isLevelEnabled(level)) return;
    target[level](fields === undefined ? {} : notReserved(scrubFields(fields)), scrubText(event));
  };
  return {
    fatal: (event, fields) => write('fatal', event, fields),
    error: (event, fields) => write('error', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    info: (event, fields) => write('info', event, fields),
    debug: (event, fields) => write('debug', event, fields),
    trace: (event, fields) => write('trace', event, fields),
    with: (fields) => wrap(target.child(notReserved(scrubFields(fields)))),
    enabled: (level) => target.isLevelEnabled(level),
  };
}

const reserved = ['level', 'time', 'event'];

/** JSON readers take the last of two equal keys: a field of such a name would forge the record's own. */
function notReserved(fields: Record<string, unknown>): Record<string, unknown> {
  for (const name of reserved) {
    if (!Object.hasOwn(fields, name)) continue;
    fields[`${name}_`] = fields[name];
    delete fields[name];
  }
  return fields;
}

/** DEL, C1 controls and the Unicode line separators are legal in JSON, but some terminals and collectors obey them. */
function escapeLine(line: string): string {
  return line.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A logger that writes nothing: for tests, and for code that can do without. */
export const silentLogger: Logger = {
  fatal: () => undefined,
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  trace: () => undefined,
  with: () => silentLogger,
  enabled: () => false,
};
