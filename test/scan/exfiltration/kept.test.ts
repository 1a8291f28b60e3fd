import { describe, expect, it } from 'vitest';
import { searchBytes } from '../../support/search-bytes.ts';
import { ENCODINGS, KEPT_ENCODINGS, KEPT_PAYLOADS, KEPT_SHELLS, PAYLOADS, PLACES } from '../../support/theft.ts';

const rulesOf = async (text: string, file: string) => (await searchBytes(text, file)).map(({ rule }) => rule.id);

describe('a reverse shell that was kept back', () => {
  it.each(KEPT_SHELLS)('%s is found', async (text) => {
    for (const [where, { file, of }] of Object.entries(PLACES))
      expect(await rulesOf(of(text), file), where).toContain('exfiltration.reverse-shell');
  });
});

describe.each([...Object.entries(KEPT_PAYLOADS), ...Object.entries(PAYLOADS)])('%s', (_, bytes) => {
  it.each(Object.entries(KEPT_ENCODINGS))('in %s is found', async (__, encode) => {
    for (const [where, { file, of }] of Object.entries(PLACES))
      expect(await rulesOf(of(encode(bytes)), file), where).toEqual(['exfiltration.encoded-payload']);
  });
});

describe.each(Object.entries(KEPT_PAYLOADS))('%s', (_, bytes) => {
  it.each(Object.entries(ENCODINGS))('in %s is found', async (__, encode) => {
    for (const [where, { file, of }] of Object.entries(PLACES))
      expect(await rulesOf(of(encode(bytes)), file), where).toEqual(['exfiltration.encoded-payload']);
  });
});
