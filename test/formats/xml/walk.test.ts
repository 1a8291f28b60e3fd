import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { walkXml } from '../../../src/formats/xml/walk.ts';

/** Gives few bytes at a time. */
class SlowSource extends MemorySource {
  readonly most: number;

  constructor(bytes: Uint8Array, most: number) {
    super(bytes, 'x.xml');
    this.most = most;
  }

  override readNow(offset: number, length: number) {
    return super.readNow(offset, Math.min(length, this.most));
  }
}

/** The events of a walk as lines; texts that follow each other are one. */
async function eventsOf(text: string, most = 1 << 20): Promise<string[]> {
  const found: string[] = [];
  const budget = new FileBudget(DEFAULT_LIMITS, Number.MAX_SAFE_INTEGER);
  const told = {
    open: (name: string, attributes: ReadonlyMap<string, string>) =>
      void found.push(`<${name}${[...attributes].map(([key, value]) => ` ${key}=${value}`).join('')}`),
    close: (name: string) => void found.push(`/${name}`),
    doctype: (type: string) => void found.push(`!${type}`),
    instruction: (target: string) => void found.push(`?${target}`),
    text: (part: string) => {
      if (found.at(-1)?.startsWith('"') === true) found[found.length - 1] += part;
      else found.push(`"${part}`);
    },
  };
  try {
    await walkXml(new SlowSource(Buffer.from(text), most), 'utf-8', told, budget);
  } finally {
    expect(budget.held).toBe(0);
  }
  return found;
}

const outcome = (text: string, most?: number) =>
  eventsOf(text, most).then(
    (events) => events.join('|'),
    (error: unknown) => {
      expect(isContentError(error), String(error)).toBe(true);
      return 'refused';
    },
  );

const DOCUMENT =
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "]>">]><a b = "1 &lt; 2" c=\'"\'><!-- <d> --><e/>t&#233;xt<![CDATA[<f>]]>\n</a > <!-- end -->';

describe('a walk over XML', () => {
  it('tells what a parser without entities reads', async () => {
    expect(await eventsOf(DOCUMENT)).toEqual([
      '?xml',
      '! a [<!ENTITY x "]>">]',
      '<a b=1 < 2 c="',
      '<e',
      '/e',
      '"t&#233;xt<f>\n',
      '/a',
    ]);
  });

  it('tells the same however the bytes arrive', async () => {
    const whole = await outcome(DOCUMENT);
    for (const most of [1, 2, 3, 7, 20]) expect(await outcome(DOCUMENT, most)).toBe(whole);
  });

  it.each([
    '',
    'text',
    '<a',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><b/>',
    '<a><!--</a>',
    '<a><![CDATA[</a>',
    '<a b/>',
    '<a b="1"c="2"/>',
    '<1/>',
    '<a>&b;</a>',
    '<!ELEMENT a><a/>',
    '<a/><!DOCTYPE b>',
    '< a/>',
    '<a/>\0',
  ])('refuses %j', async (text) => {
    expect(await outcome(text)).toBe('refused');
    expect(await outcome(text, 1)).toBe('refused');
  });

  it('bounds the depth', async () => {
    await expect(eventsOf('<a>'.repeat(5_000))).rejects.toMatchObject({ code: 'limit' });
  });

  it('reads any text in the same way however its bytes arrive, or refuses it', async () => {
    const part = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      '="',
      '"',
      "'",
      ' ',
      '&',
      'lt;',
      '#1;',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?x',
      '?>',
      '<!DOCTYPE',
      '[',
      ']',
      '<a>',
      '</a>',
      '<b c="d"/>',
      'é',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 16 }), fc.integer({ min: 1, max: 9 }), async (parts, most) => {
        const text = `<a>${parts.join('')}</a>`;
        expect(await outcome(text, most)).toBe(await outcome(text));
      }),
      { numRuns: 1_500 },
    );
  });
});
