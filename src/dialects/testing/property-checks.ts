import assert from 'node:assert/strict';
import { eventsOf } from '../../core/event-table.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PropertyDescription } from '../contract/manifest.ts';
import type { Check } from './conformance.ts';
import { sampleWebhook } from './sample-webhook.ts';

/** What a vendor's server is set up with, and what follows from it. */
export const propertyChecks: readonly Check[] = [
  {
    name: 'every property has a name of its own, words, and a default that it may have',
    run({ dialect: { manifest } }) {
      const { properties = [] } = manifest;
      assert.equal(new Set(properties.map(({ name }) => name)).size, properties.length, 'two have the same name');
      for (const property of properties) {
        const { name, title, description } = property;
        assert.ok(name !== '' && title !== '' && description !== '', `"${name}" has no words`);
        if (property.type === 'integer')
          assert.ok(property.min <= property.default && property.default <= property.max, `"${name}"`);
      }
    },
  },
  {
    name: 'properties switch off events that there are, and by default none',
    run({ dialect: { manifest, eventsOff } }) {
      if (eventsOff === undefined) return;
      const known = new Set(manifest.events.map(({ name }) => name));
      const { properties = [] } = manifest;
      assert.deepEqual(eventsOff({}), []);
      assert.deepEqual(eventsOff(valuesOf(properties, (property) => property.default)), []);
      const off = eventsOff(valuesOf(properties, (property) => (property.type === 'boolean' ? false : property.min)));
      for (const event of off) assert.ok(known.has(event), `there is no event "${event}" to be switched off`);
    },
  },
  {
    name: 'days before archiving are whole, from 1 to 365, where there is an event to tell of it',
    run({ dialect, settings = {} }) {
      if (dialect.archiveNoticeDays === undefined) return;
      assert.ok(eventsOf(dialect.events, 'asset.pre_archive').length > 0, 'there is no event to tell of it');
      for (const given of [{}, settings, sampleWebhook(dialect).settings])
        for (const days of dialect.archiveNoticeDays(given))
          assert.ok(Number.isInteger(days) && days >= 1 && days <= 365, `${days}`);
    },
  },
];

function valuesOf(
  properties: readonly PropertyDescription[],
  valueOf: (property: PropertyDescription) => number | boolean,
): JsonObject {
  return Object.fromEntries(properties.map((property) => [property.name, valueOf(property)]));
}
