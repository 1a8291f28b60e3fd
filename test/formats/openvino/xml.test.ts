import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readXml } from '../../../src/formats/openvino/xml.ts';

function read(text: string): string[] {
  const seen: string[] = [];
  readXml(
    text,
    {
      open: ({ name, attributes }, depth) => void seen.push(`${depth}<${name} ${JSON.stringify([...attributes])}`),
      close: (name, depth) => void seen.push(`${depth}>${name}`),
      text: (value) => void seen.push(value),
    },
    new FileBudget(DEFAULT_LIMITS, Number.MAX_SAFE_INTEGER),
  );
  return seen;
}

describe('a document of XML', () => {
  it('is read in its order', () => {
    expect(
      read(`<?xml version="1.0" encoding="UTF-8"?>\n<a x="1" y='&lt;&#65;&quot;'> hi <!-- no --><b/></a>\n`),
    ).toEqual(['0<a [["x","1"],["y","<A\\""]]', ' hi ', '1<b []', '1>b', '0>a']);
  });

  it.each([
    ['<a>'],
    ['<a></b>'],
    ['<a/><a/>'],
    ['a<a/>'],
    ['<a x=1/>'],
    ['<a x="1"y="2"/>'],
    ['<a x="<"/>'],
    ['<a>&nbsp;</a>'],
    ['<a>&#0;</a>'],
    ['<a>&#xD800;</a>'],
    ['<a>&lt</a>'],
    ['<!DOCTYPE a><a/>'],
    ['<a><![CDATA[x]]></a>'],
    ['<a><?x y?></a>'],
    ['<a>\0</a>'],
    ['<?xml version="1.0" encoding="utf-16"?><a/>'],
    ['<a><!-- x</a>'],
    ['< a/>'],
    [''],
  ])('%j is refused', (text) => {
    expect(() => read(text)).toThrow();
  });

  it('of any characters is read, or refused with a reason', () => {
    const word = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      '="',
      '"',
      "'",
      '&',
      ';',
      '#',
      '!',
      '--',
      '?',
      ' ',
      'x',
      '<a>',
      '</a>',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          read(`<a>${words.join('')}</a>`);
        } catch (error) {
          expect(isContentError(error)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
