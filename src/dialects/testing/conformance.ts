/**
 * The other half of the dialect contract: what every dialect must pass. A dialect's own test calls `describeDialect` with
 * its folder; nothing else is needed. Each check is a plain function that throws, so that it can be seen to fail.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import type { Dialect } from '../dialect.ts';
import { behaviourChecks, renderSample, type Sample, samplesOf, textOf } from './behaviour-checks.ts';
import { configurationChecks } from './configuration-checks.ts';
import { headerChecks } from './header-checks.ts';
import { manageChecks } from './manage-checks.ts';
import { propertyChecks } from './property-checks.ts';
import { manifestChecks } from './manifest-checks.ts';
import { sendingChecks } from './sending-checks.ts';
import { signingChecks } from './signing-checks.ts';

export type Conformance = {
  readonly dialect: Dialect;
  /** The dialect's folder, absolute. */
  readonly folder: string;
  /** Settings of the sample webhook, where the dialect needs some. */
  readonly settings?: JsonObject;
  /** Secrets in force for the signing checks, newest first. */
  readonly secrets?: readonly string[];
  /** Why bodies are not their own re-serialisation (an envelope with a layout of its own). Absent: they are. */
  readonly notReserialised?: string;
};

export type Check = { readonly name: string; readonly run: (conformance: Conformance) => void | Promise<void> };

/** One golden file per event and change kind: what is sent for the sample change of the kind, and where that was learnt. */
export type GoldenFile = {
  /** The vendor's document, a captured sample, or our guess, in these words. */
  readonly learnt: string;
  readonly kind: string;
  readonly contentType: string;
  /** The exact text of the body. */
  readonly body: string;
};

const files = ['README.md', 'events.ts', 'index.ts', 'judge.ts', 'manifest.ts', 'render.ts', 'sign.ts'];

const folderChecks: readonly Check[] = [
  {
    name: 'the folder has the files that every dialect has',
    run({ folder }) {
      for (const file of files) assert.ok(existsSync(join(folder, file)), `${file} is missing`);
    },
  },
  {
    name: 'every event has a golden file per change kind that says where it was learnt, and its bytes are what is sent',
    run(conformance) {
      const known = new Set<string>();
      for (const sample of samplesOf(conformance)) {
        const file = goldenName(conformance.dialect, sample);
        known.add(file);
        const golden = readGolden(join(conformance.folder, 'fixtures', file));
        assert.ok(golden.learnt.length >= 20, `${file} does not say where it was learnt`);
        assert.equal(golden.kind, sample.change.kind, file);
        const rendered = renderSample(conformance, sample);
        assert.equal(textOf(rendered), golden.body, file);
        assert.equal(rendered.contentType, golden.contentType, file);
      }
      const present = readdirSync(join(conformance.folder, 'fixtures')).filter((file) => file.endsWith('.json'));
      assert.deepEqual(present.sort(), [...known].sort(), 'a golden file belongs to no event');
    },
  },
];

export const conformanceChecks: readonly Check[] = [
  ...manifestChecks,
  ...propertyChecks,
  ...configurationChecks,
  ...behaviourChecks,
  ...signingChecks,
  ...sendingChecks,
  ...headerChecks,
  ...manageChecks,
  ...folderChecks,
];

/** Registers one test per check. */
export function describeDialect(conformance: Conformance): void {
  for (const check of conformanceChecks) {
    test(`${conformance.dialect.manifest.id}: ${check.name}`, () => check.run(conformance));
  }
}

/** A sample's golden file; the kind is named where several become the event. A slash cannot stand in a file name. */
export function goldenName({ manifest }: Dialect, { notification: { event }, change }: Sample): string {
  const kinds = manifest.events.find(({ name }) => name === event)?.changeKinds ?? [];
  return `${event.replaceAll('/', '-')}${kinds.length > 1 ? `.${change.kind}` : ''}.json`;
}

function readGolden(path: string): GoldenFile {
  assert.ok(existsSync(path), `${path} is missing`);
  return JSON.parse(readFileSync(path, 'utf8'));
}
