/** Validators and receivers of SNS messages by others, unchanged, with the types that they do not bring. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Agent } from 'node:https';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export type SnsFields = { readonly [field: string]: string };

type SnsValidator = {
  validate(message: SnsFields, done: (error: Error | null, message?: SnsFields) => void): void;
};
type SnsValidatorClass = new (hostPattern?: RegExp, encoding?: string) => SnsValidator;
type PayloadValidator = { validate(payload: SnsFields): Promise<SnsFields> };
type PayloadValidatorClass = new (settings: { requestAgent: Agent; useCache?: boolean }) => PayloadValidator;
type SnsClient = (
  options: { readonly verify?: boolean },
  told: (error: Error | null, message?: SnsFields) => void,
) => (request: IncomingMessage, response: ServerResponse) => void;
type Middleware = (options?: {
  readonly topic?: string;
}) => (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;

const Validator = require('sns-validator') as SnsValidatorClass;
const StrictValidator = require('sns-payload-validator') as PayloadValidatorClass;

/** A receiver that answers, verifies and confirms by itself; SHA-1 only. */
export const awsSnsClient = require('aws-snsclient') as SnsClient;
/** Verifies and hands on; SHA-1 only. */
export const expressAwsSns = require('express-aws-sns') as Middleware;

/** `sns-validator` with its own host pattern, or another. Fetches by the global agent of `https`. */
export function snsValidator(hostPattern?: RegExp): (message: SnsFields) => Promise<SnsFields | undefined> {
  const validator = hostPattern === undefined ? new Validator() : new Validator(hostPattern);
  return (message) =>
    new Promise((resolve, reject) =>
      // It deletes what it thinks empty: it gets a copy.
      validator.validate({ ...message }, (error, valid) => (error === null ? resolve(valid) : reject(error))),
    );
}

export function snsPayloadValidator(agent: Agent): (message: SnsFields) => Promise<SnsFields> {
  const validator = new StrictValidator({ requestAgent: agent });
  return (message) => validator.validate({ ...message });
}
