import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csvLine } from './csv.ts';

/** A reader of RFC 4180, written from its grammar. */
function readLine(line: string): readonly string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = '';
    if (line[at] === '"') {
      at += 1;
      for (; line[at] !== '"' || line[at + 1] === '"'; at += 1) cell += line[line[at] === '"' ? ++at : at];
      at += 1;
    } else {
      while (at < line.length && line[at] !== ',' && line[at] !== '\r') cell += line[at++];
    }
    cells.push(cell);
    if (line[at] !== ',') break;
    at += 1;
  }
  assert.equal(line.slice(at), '\r\n');
  return cells;
}

describe('csv', () => {
  it('quotes what needs quotes, leaves out what is not there, writes lists as JSON', () => {
    assert.equal(csvLine(['a', 'b,c', 'd"e', 'f\ng', null, undefined, 3, true]), 'a,"b,c","d""e","f\ng",,,3,true\r\n');
    // Where a comma stands for a point, spreadsheets divide cells by semicolons.
    assert.equal(csvLine(['a;b', 'c']), '"a;b",c\r\n');
    assert.equal(csvLine([['x', 'y'], { a: 1 }]), '"[""x"",""y""]","{""a"":1}"\r\n');
  });

  it('UI-14 a cell that a spreadsheet would run is told to be text', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
      const text = `${start}HYPERLINK("http://evil.example","x")`;
      assert.deepEqual(readLine(csvLine([text])), [`'${text}`]);
    }
    assert.equal(csvLine([-5]), '-5\r\n');
    assert.equal(csvLine(["it's"]), "it's\r\n");
  });

  it('what is written is what is read, whatever the text', () => {
    const cell = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const read = readLine(csvLine(cells));
        assert.deepEqual(
          read.map((text, index) => (text === `'${cells[index]}` ? cells[index] : text)),
          cells,
        );
        for (const text of read) assert.ok(!/^[=+\-@\t\r\n]/.test(text), text);
      }),
    );
  });
});
