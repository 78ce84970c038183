import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { erasedChange, mayName, textReplacer } from './erased-past.ts';
import type { JsonValue } from './json.ts';
import { sampleChange } from './sample-change.ts';

const texts = ['Ada Example', 'ada@example.com', 'ada', 'usr_01kan4c4q0edkxrmnr6dgk2vfp'];

test('LG-10 a value that is one of the texts goes, whatever its case; a short one inside a longer word stays', () => {
  const replace = textReplacer(texts);
  assert.deepEqual(replace({ by: 'ADA', tag: 'Adagio', list: ['ada', 'bea'] }), {
    by: 'erased',
    tag: 'Adagio',
    list: ['erased', 'bea'],
  });
});

test('LG-10 addresses, names of several words and long ids go inside longer texts too', () => {
  const replace = textReplacer(texts);
  assert.equal(replace('Photo: ada  example, mail ADA@example.com'), 'Photo: erased, mail erased');
  assert.equal(replace('user:usr_01kan4c4q0edkxrmnr6dgk2vfp'), 'user:erased');
});

test('what names nobody is the very same value, and keys are never replaced', () => {
  const replace = textReplacer(texts);
  const value = { ada: 1, deep: [{ name: 'Bea' }, null, true] };
  assert.equal(replace(value), value);
  const own = JSON.parse('{"__proto__":"ada"}') as JsonValue;
  assert.equal(JSON.stringify(replace(own)), '{"__proto__":"erased"}');
});

test('LG-10 whatever the texts and the value, nothing is left that could name, and doing it twice changes nothing', () => {
  const text = fc.string({ minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), fc.jsonValue(), text, (wanted, any, around) => {
      const value = { any: any as JsonValue, exact: wanted[0] ?? '', inside: `${around} ${wanted.join(' ')}` };
      const replace = textReplacer(wanted);
      const once = replace(value);
      assert.notEqual(
        (once as { exact: string }).exact.toLowerCase(),
        wanted[0]?.toLowerCase() === 'erased' ? '' : wanted[0]?.toLowerCase(),
      );
      if (!wanted.some((one) => 'erased'.includes(one.toLowerCase()))) assert.deepEqual(replace(once), once);
      assert.ok(mayName(JSON.stringify(value), wanted), 'what can name is looked at');
    }),
    { numRuns: 300 },
  );
});

test('LG-10 of an asset nothing of its changes is left but what happened, when and by whom', () => {
  const change = sampleChange('asset.renamed');
  const subject = `asset:${change.subject.id}`;
  const erased = erasedChange(change, { subject });
  assert.ok(erased !== null);
  assert.deepEqual(erased, {
    ...change,
    subject: { type: 'asset', id: change.subject.id },
    actor: { type: 'user', id: 'ada' },
    before: null,
    after: null,
    changed: [],
    erased: true,
  });
  assert.equal(erasedChange(erased, { subject }), null, 'once is enough');
  assert.equal(erasedChange(change, { subject: 'asset:ast_01kan4c4q0edkxrmnr6dgk2vfq' }), null);
});
