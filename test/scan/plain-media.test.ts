import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainMediaScanner } from '../../src/scan/plain-media.ts';
import { scanBytes } from '../support/scan-bytes.ts';

const PICTURES = ['picture.png', 'picture.jpg', 'progressive.jpg', 'picture.gif', 'animated.gif', 'picture.webp'];

async function scan(name: string, ...rest: (string | Uint8Array)[]) {
  const parts = rest.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
  return scanBytes(Buffer.concat([readFileSync(`fixtures/formats/${name}`), ...parts]), name, [plainMediaScanner]);
}

describe('a picture', () => {
  it.each(PICTURES)('%s with a trailing script is suspicious, and the script is scanned', async (name) => {
    const { verdict, context } = await scan(name, '#!/bin/sh\nls\n');
    expect([verdict, context.ruleIds()]).toEqual(['suspicious', ['data.trailing-bytes']]);
    expect(context.members).toMatchObject([{ name: 'trailing-bytes', size: 13 }]);
  });

  it.each(PICTURES)('%s with trailing bytes of no format is suspicious', async (name) => {
    const { verdict, context } = await scan(name, '\xef\xf0\x9a\x13\x88\x77\x01\x02\x00');
    expect([verdict, context.ruleIds(), context.members]).toEqual(['suspicious', ['data.trailing-bytes'], []]);
  });

  it.each(PICTURES)('%s with trailing zeros is clean', async (name) => {
    expect((await scan(name, '\0'.repeat(500))).verdict).toBe('clean');
  });

  it.each(PICTURES)('%s is unknown when it is truncated', async (name) => {
    const whole = readFileSync(`fixtures/formats/${name}`);
    expect((await scanBytes(whole.subarray(0, whole.length - 30), name, [plainMediaScanner])).verdict).toBe('unknown');
  });

  it('can be followed by a second exposure, as phones write it', async () => {
    expect((await scan('picture.jpg', readFileSync('fixtures/formats/progressive.jpg'))).verdict).toBe('clean');
  });
});

describe('a PDF', () => {
  it.each(['/OpenAction << /S /JavaScript >>', '/Launch', '/J#61vaScript', '/Type /ObjStm'])(
    'with %s is not assessed',
    async (action) => {
      expect((await scan('picture.pdf', action)).verdict).toBe('not-assessed');
    },
  );
});
