import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from './limits.ts';
import { foldText, wordsOf } from './search-words.ts';

describe('words of search', () => {
  it('case, accents and compatibility forms do not count', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['Blüte', 'blute'],
      ['STRASSE', 'strasse'],
      ['Straße', 'strasse'],
      ['ﬁne Ｆｌｏｗｅｒ', 'fine flower'],
      ['Ærø Łódź Đakovo', 'aero lodz dakovo'],
      ['İstanbul ıssız', 'istanbul issiz'],
      ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
      ['Ὀδυσσεύς', 'οδυσσευσ'],
      ['Ёлка', 'елка'],
      ['שָׁלוֹם', 'שלום'],
      ['مُحَمَّد', 'محمد'],
      ['u\u0308ber', 'uber'],
    ];
    for (const [text, folded] of cases) assert.equal(foldText(text), folded, text);
  });

  it('marks of other scripts and Korean syllables stay what they are', () => {
    assert.equal(foldText('कि'), 'कि');
    assert.notEqual(foldText('कि'), foldText('का'));
    assert.equal(foldText('사진'), '사진');
    assert.equal(foldText('が'), 'が');
  });

  it('letters and digits make words; everything else separates', () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['IMG_2041-final (2).JPG', ['img', '2041', 'final', '2', 'jpg']],
      ['Ada’s «red» flower', ['ada', 's', 'red', 'flower']],
      ['2026-11-22T10:00', ['2026', '11', '22t10', '00']],
      ['東京タワー 2020', ['東', '京', 'タ', 'ワ', 'ー', '2020']],
      ['한국 사진', ['한국', '사진']],
      ['🌸 — …', []],
      ['', []],
    ];
    for (const [text, expected] of cases) assert.deepEqual(wordsOf(text), expected, text);
  });

  it('folding what is folded changes nothing, and words are their own words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const folded = foldText(text);
        assert.equal(foldText(folded), folded);
        for (const word of wordsOf(text)) assert.deepEqual(wordsOf(word), [word]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a text of any length is looked at within bounds', () => {
    assert.equal(wordsOf('a '.repeat(100_000)).length, limits.searchWordsPerTextMax);
    assert.ok((wordsOf('x'.repeat(100_000))[0]?.length ?? 0) <= 64);
  });
});
