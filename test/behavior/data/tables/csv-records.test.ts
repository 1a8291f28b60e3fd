import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRecords } from '../../../../src/behavior/data/tables/csv-records.ts';
import { isContentError } from '../../../../src/core/index.ts';

const fieldsOf = (text: string) => [...csvRecords(text)].map(({ fields }) => fields);

describe('records of CSV', () => {
  it.each<[string, string, string[][]]>([
    ['nothing', '', []],
    [
      'a last line without an end',
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['CRLF and LF', 'a\r\n1\n2\r\n', [['a'], ['1'], ['2']]],
    [
      'an empty last field',
      'a,b\n1,',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    ['quotes, commas and lines in quotes', '"a""b","c,d","e\r\nf\n"\n', [['a"b', 'c,d', 'e\r\nf\n']]],
    ['an empty field in quotes', '"",""\n', [['', '']]],
    ['spaces, which belong to the field', ' a , b \n', [[' a ', ' b ']]],
    ['an empty line, which is an empty field', 'a\n\nb\n', [['a'], [''], ['b']]],
  ])('reads %s', (_what, text, expected) => {
    expect(fieldsOf(text)).toEqual(expected);
  });

  it('tells the line that a record starts on', () => {
    expect([...csvRecords('a\n"1\n2"\n3\n')].map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  it.each<[string, string, string]>([
    ['a quote that never closes', 'a\n"1\n2\n', 'opens a quote that never closes (line 2)'],
    ['a quote that never closes, behind doubled ones', '"a""""', 'opens a quote that never closes (line 1)'],
    ['text behind a closing quote', '"a"b\n', 'has text behind a closing quote (line 1)'],
    ['a quote within a plain field', 'a\nb"c"\n', 'has a quote within a field that is not quoted (line 2)'],
    ['a quote behind a space', 'a, "b"\n', 'has a quote within a field that is not quoted (line 1)'],
    ['a CR alone', 'a\rb\n', 'has a CR without LF (line 1)'],
    ['a NUL', 'a\nb\0\n', 'has a NUL character (line 2)'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => fieldsOf(text)).toThrow(message);
  });

  it('refuses more fields than any table has', () => {
    expect(() => fieldsOf(','.repeat(10_001))).toThrow(/more than 10000 fields/);
  });

  it('reads back what is written', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', '\n', '\r\n', 'ü', '\u{1f600}') });
    const written = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1 }), { minLength: 1 }),
        fc.constantFrom('\n', '\r\n'),
        (records, end) => {
          const text = records.map((fields) => fields.map(written).join(',') + end).join('');
          expect(fieldsOf(text)).toEqual(records);
        },
      ),
    );
  });

  it('throws nothing but content errors, whatever the text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\0', '1') });
    fc.assert(
      fc.property(text, (value) => {
        try {
          fieldsOf(value);
        } catch (error) {
          if (!isContentError(error)) throw error;
        }
      }),
    );
  });
});
