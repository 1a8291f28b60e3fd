import { describe, expect, it } from 'vitest';
import { D1, D2, linesOf, read } from '../documents.ts';

const HEAD = { '@context': { '@vocab': 'https://schema.org/' }, '@type': 'sc:Dataset', name: 'spam' };
const V10 = { ...HEAD, conformsTo: 'http://mlcommons.org/croissant/1.0' };
const file = (fields: object) => ({ '@type': 'cr:FileObject', '@id': 'train.csv', name: 'train.csv', ...fields });

describe('a Croissant description', () => {
  it('of version 1.0 gives files with their digests', async () => {
    const document = {
      ...V10,
      url: 'https://data.example/spam',
      distribution: [
        file({ contentUrl: 'data/train.csv', contentSize: '34 B', encodingFormat: 'text/csv', sha256: D1 }),
        file({
          '@id': 'all.zip',
          name: 'all.zip',
          contentUrl: 'https://data.example/all.zip',
          sha256: D2.toUpperCase(),
        }),
        { '@type': 'cr:FileSet', '@id': 'images', containedIn: { '@id': 'all.zip' }, includes: '*.png' },
      ],
    };
    expect(linesOf(await read(document))).toEqual([
      'data spam derives from data train.csv',
      'data spam derives from data all.zip',
      'spam: from https://data.example/spam',
      'train.csv: at data/train.csv, sha256 of bytes d1d1d1d1',
      'all.zip: from https://data.example/all.zip, sha256 of bytes d2d2d2d2',
    ]);
  });

  it('of version 1.1 says what it was derived from (PROV-O)', async () => {
    const document = {
      ...HEAD,
      'dct:conformsTo': ['http://mlcommons.org/croissant/1.1', 'http://example.org/other'],
      'prov:wasDerivedFrom': [{ '@id': 'https://crawl.example/2026', 'prov:label': 'crawl' }, 'https://b.example'],
      distribution: [
        file({
          contentUrl: 'train.csv',
          sha256: D1,
          containedIn: { '@id': 'all.zip' },
          wasDerivedFrom: { name: 'mail' },
        }),
        file({ '@id': 'all.zip', name: 'all.zip', contentUrl: 'all.zip', sha256: D2 }),
      ],
    };
    expect(linesOf(await read(document))).toEqual([
      'data spam derives from data train.csv',
      'data spam derives from data all.zip',
      'data train.csv derives from data all.zip',
      'data train.csv comes from source mail',
      'data spam comes from source crawl',
      'data spam comes from source https://b.example',
      'train.csv: at train.csv, sha256 of bytes d1d1d1d1',
      'all.zip: at all.zip, sha256 of bytes d2d2d2d2',
      'crawl: from https://crawl.example/2026',
      'https://b.example: from https://b.example',
    ]);
  });

  it.each<[string, unknown]>([
    ['an address, as exports of the Hub have', 'https://github.com/mlcommons/croissant/issues/80'],
    ['an MD5', 'ab'.repeat(16)],
    ['a number', 7],
    ['63 digits', D1.slice(1)],
    ['an empty text', ''],
  ])('whose sha256 is %s cannot be compared', async (_, sha256) => {
    const { entities } = await read({ ...V10, distribution: [file({ contentUrl: 'train.csv', sha256 })] });
    expect(entities[1]).toMatchObject({
      digests: [],
      problem: expect.stringMatching(/^has (?:an address|something else) where its sha256 should be/),
    });
  });

  it.each(['../../etc/passwd', 'a/../../x', '/etc/passwd', 'a\\..\\b', 'C:\\x', '.', 'x\0y'])(
    'does not lead to %j',
    async (contentUrl) => {
      const { entities } = await read({ ...V10, distribution: [file({ contentUrl, sha256: D1 })] });
      const [, entity] = entities;
      expect(entity?.path).toBeNull();
      expect(entity?.problem ?? entity?.uri).toMatch(/^has a path|^C:/);
    },
  );

  it('does not hand on what opens an address', async () => {
    const contentUrl = 'https://me:secret@data.example/x.csv?X-Amz-Signature=secret#a';
    const { entities } = await read({ ...V10, distribution: [file({ contentUrl, sha256: D1 })] });
    expect(entities[1]?.uri).toBe('https://data.example/x.csv#a');
  });

  it('of another version is refused', async () => {
    await expect(read({ ...HEAD, conformsTo: 'http://mlcommons.org/croissant/2.0' })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  it('that names a property twice is refused: programs differ on which one counts', async () => {
    const text = JSON.stringify({ ...V10, distribution: [file({ sha256: D1 })] });
    const twice = text.replace(`"sha256":"${D1}"`, `"sha256":"${D1}","sha256":"${D2}"`);
    await expect(read(twice)).rejects.toMatchObject({
      code: 'malformed',
      message: 'names "sha256" twice in one object',
    });
  });

  it.each<[string, unknown]>([
    ['no files', undefined],
    ['a text', 'x'],
    ['numbers', [1, null, true]],
    ['lists within', [[{ '@type': 'cr:FileObject' }]]],
  ])('with %s in place of its files says nothing of them', async (_, distribution) => {
    expect((await read({ ...V10, distribution })).claims).toEqual([]);
  });
});
