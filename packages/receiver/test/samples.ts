import type { Dialect } from '../../../src/dialects/dialect.ts';
import { bytesOf, renderSample, samplesOf } from '../../../src/dialects/testing/behaviour-checks.ts';

/** The body of every notification that the sample changes become. */
export function behaviourSamples(dialect: Dialect): readonly { readonly event: string; readonly body: Uint8Array }[] {
  const conformance = { dialect, folder: '' };
  return samplesOf(conformance).map((sample) => ({
    event: sample.notification.event,
    body: bytesOf(renderSample(conformance, sample)),
  }));
}
