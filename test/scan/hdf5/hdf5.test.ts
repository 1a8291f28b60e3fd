import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { craftedDataset, craftHdf5, MESSAGES_AT, number } from '../../formats/hdf5/craft.ts';
import { PAYLOAD } from '../../support/containers.ts';
import { scanDeep } from '../../support/scan-deep.ts';
import { kerasH5 } from '../keras/forms.ts';

const FOLDER = new URL('../../../fixtures/hdf5-programs/', import.meta.url).pathname;
const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.gz'));
const load = (name: string) => gunzipSync(readFileSync(`${FOLDER}${name}`));
const scan = (name: string) => scanDeep(load(name), name.slice(0, -3));

describe('an HDF5 file of a program', () => {
  it.each(names.filter((name) => !/^(?:evil|suspicious|latest)-/.test(name)))('is clean: %s', async (name) => {
    expect(await scan(name)).toMatchObject({ verdict: 'clean', messages: [], reasons: [] });
  });

  it.each(names.filter((name) => name.startsWith('suspicious-')))('is suspicious: %s', async (name) => {
    expect(await scan(name)).toMatchObject({ verdict: 'suspicious', reasons: [] });
  });

  it.each(names.filter((name) => name.startsWith('evil-')))('is malicious: %s', async (name) => {
    expect((await scan(name)).verdict).toBe('malicious');
  });

  it('is unknown with an index of chunks that is not read', async () => {
    const { verdict, reasons } = await scan('latest-indexes.h5.gz');
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toContain('fixed array');
  });

  it('names the finding', async () => {
    const rules = async (name: string) => (await scan(`${name}.h5.gz`)).ruleIds;
    expect(await rules('evil-external')).toEqual(['hdf5.external-data']);
    expect(await rules('evil-vds')).toEqual(['hdf5.external-data']);
    expect(await rules('suspicious-virtual')).toEqual(['hdf5.virtual-dataset']);
    expect(await rules('suspicious-blosc')).toEqual(['hdf5.filter-plugin']);
    expect(await rules('suspicious-links')).toEqual(['hdf5.external-link']);
    expect(await rules('suspicious-size')).toEqual(['hdf5.size-bomb']);
    expect(await rules('evil-attr')).toContain('pickle.global.dangerous');
    expect(await rules('evil-vlarray')).toContain('pickle.global.dangerous');
  });
});

describe('bytes that belong to nothing', () => {
  const space = MESSAGES_AT + 200;

  it.each([
    ['a pickle', PAYLOAD, 'malicious'],
    ['an ELF file', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(57)]), 'suspicious'],
  ])('are scanned when they are %s', async (_what, hidden, least) => {
    const { verdict, ruleIds } = await scanDeep(craftHdf5([], hidden), 'm.h5');
    expect(ruleIds).toContain('hdf5.hidden-content');
    expect(['suspicious', 'malicious'].slice(least === 'malicious' ? 1 : 0)).toContain(verdict);
  });

  it('are free space otherwise', async () => {
    expect((await scanDeep(craftHdf5([], Buffer.from('was deleted')), 'm.h5')).verdict).toBe('clean');
  });

  it('are no part of a dataset that lies over the header', async () => {
    const { ruleIds } = await scanDeep(craftHdf5(craftedDataset([4], MESSAGES_AT, 16), Buffer.alloc(space)), 'm.h5');
    expect(ruleIds).toContain('hdf5.overlap');
  });
});

describe('links', () => {
  const linkTo = (type: number, value: Uint8Array) =>
    [0x06, Buffer.concat([Buffer.from([1, 0x08, type, 1]), Buffer.from('a'), number(value.length, 2), value])] as const;

  it.each([
    ['soft', linkTo(1, Buffer.from('/b')), 'clean'],
    ['external', linkTo(64, Buffer.from('\0other.h5\0/x\0')), 'suspicious'],
    ['of a program', linkTo(70, Buffer.from('zzz')), 'suspicious'],
  ] as const)('that are %s', async (_kind, message, verdict) => {
    expect((await scanDeep(craftHdf5([message]), 'm.h5')).verdict).toBe(verdict);
  });
});

describe('attributes', () => {
  it.each([
    ['of protocol 4', PAYLOAD],
    ['of protocol 0', Buffer.from("cos\nsystem\n(S'true'\ntR.")],
  ])('that are pickles %s are scanned', async (_kind, pickle) => {
    expect((await scanDeep(kerasH5({ any: pickle }), 'm.h5')).verdict).toBe('malicious');
  });

  it('that are sentences are not', async () => {
    expect((await scanDeep(kerasH5({ note: 'This is a note. It ends here.' }), 'm.h5')).verdict).toBe('clean');
  });
});

it('a file of MATLAB may begin with the text of MATLAB, and with nothing else', async () => {
  const bytes = Buffer.from(load('mat73.mat.gz'));
  bytes.write('#!/bin/sh', 0);
  expect((await scanDeep(bytes, 'a.mat')).verdict).not.toBe('clean');
});

it('changed bytes never make a file of other files clean', async () => {
  const original = readFileSync(`${FIXTURES}format-probes/h5-external-storage/m.weights.h5`);
  const at = original.indexOf('/etc/passwd');
  const change = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(change, async (places) => {
      const bytes = Buffer.from(original);
      // The first 600 bytes hold the structures that lead to the dataset; a change there may cut it off.
      for (const [place, byte] of places) if (place > 3_000 && Math.abs(place - at) > 40) bytes[place] = byte;
      expect((await scanDeep(bytes, 'm.h5')).verdict).not.toBe('clean');
    }),
    { numRuns: 50 },
  );
});
