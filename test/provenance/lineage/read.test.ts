import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readLineageDocument } from '../../../src/provenance/lineage/read.ts';
import { bytesOf, sample } from '../../integrity/attestations/samples.ts';
import { D1, read } from './documents.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/lineage/${name}`, import.meta.url));
const CROISSANT = {
  conformsTo: 'http://mlcommons.org/croissant/1.1',
  distribution: [{ '@type': 'cr:FileObject', name: 'a', contentUrl: 'a', sha256: D1, containedIn: { '@id': 'b' } }],
};
const SPDX = {
  '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
  '@graph': [
    { type: 'ai_AIPackage', spdxId: 'm', verifiedUsing: [{ algorithm: 'sha256', hashValue: D1 }] },
    { type: 'Relationship', from: 'm', relationshipType: 'trainedOn', to: ['d'] },
  ],
};

const SEEDS: readonly Buffer[] = [
  fixture('dvc/dvc.lock'),
  fixture('dvc/images.dvc'),
  fixture('bom.cdx.json'),
  fixture('mlflow-run.json'),
  bytesOf(sample('training')),
  bytesOf(CROISSANT),
  bytesOf(SPDX),
  Buffer.from('---\ndatasets: [a]\nbase_model: b\n---\n'),
  Buffer.from(`version: 1\ndata: [{path: a, sha256: ${D1}}]\n`),
];

/** What no bytes may lead to: another error, or a path outside. */
async function holds(bytes: Uint8Array): Promise<void> {
  try {
    const { entities } = await readLineageDocument(bytes, 'm');
    for (const { path, digests } of entities) {
      expect(path ?? 'a').toMatch(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))/);
      for (const { algorithm, hex } of digests) if (algorithm === 'sha256') expect(hex).toMatch(/^[0-9a-f]{64}$/);
    }
  } catch (error) {
    expect(isAssayError(error) && ['malformed', 'unsupported', 'limit'].includes(error.code)).toBe(true);
  }
}

describe('reading a document about training data', () => {
  it('ends with its own errors for any bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), holds), { numRuns: 200 });
  });

  it('ends with its own errors for real documents with changed bytes', async () => {
    const changed = fc
      .tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }))
      .map(([seed, edits]) => {
        const bytes = Buffer.from(seed);
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        return bytes;
      });
    await fc.assert(fc.asyncProperty(changed, holds), { numRuns: 400 });
  });

  it('ends with its own errors for documents with any values in their places', async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const documents = fc.oneof(
      fc.record({ ...constants({ conformsTo: CROISSANT.conformsTo }), distribution: value, name: value, url: value }),
      fc.record({ ...constants({ bomFormat: 'CycloneDX', specVersion: '1.6' }), components: value, metadata: value }),
      fc.record({ ...constants({ '@context': SPDX['@context'] }), '@graph': value }),
      fc.record({ info: fc.constant({}), inputs: fc.record({ dataset_inputs: value }) }),
      fc.record({ ...constants({ schema: '2.0' }), stages: value }),
      fc.record({ ...constants({ version: 1 }), data: value, base: value, model: value }),
      fc.record({ payload: fc.string(), signatures: value }),
    );
    await fc.assert(
      fc.asyncProperty(documents, (document) => holds(bytesOf(document))),
      { numRuns: 400 },
    );
  });

  it.each<[string, string | object]>([
    ['nothing', ''],
    ['a list', [1]],
    ['JSON of something else', { a: 1 }],
    ['YAML of something else', 'a: 1\n'],
    ['an envelope of something else', { payload: Buffer.from('{}').toString('base64'), signatures: [] }],
    ['a prototype', '{"__proto__": {"bomFormat": "CycloneDX"}}'],
  ])('refuses %s', async (_, document) => {
    await expect(read(document)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('refuses what is too deep or too much before it is built', async () => {
    await expect(read(`{"a":${'['.repeat(100)}`)).rejects.toMatchObject({ code: 'limit' });
    await expect(read(`{"a":[${'0,'.repeat(2_000_001)}0]}`)).rejects.toMatchObject({ code: 'limit' });
    await expect(read(`a: ${'b'.repeat(200_000)}`)).rejects.toMatchObject({ code: 'limit' });
    const many = Array.from({ length: 20_001 }, () => ({ type: 'data', name: 'd' }));
    await expect(read({ bomFormat: 'CycloneDX', specVersion: '1.6', components: many })).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

function constants<T extends object>(fields: T) {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fc.constant(value)]));
}
