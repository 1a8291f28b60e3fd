import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../src/core/errors.ts';
import { craftedDataset, craftHdf5, HEADER_AT, MESSAGES_AT, number } from './craft.ts';
import { allObjects, openHdf5, readAll } from './open.ts';

const ROOT = new URL('../../../fixtures/hdf5/', import.meta.url).pathname;
const NAMES = readdirSync(ROOT).filter((name) => name.endsWith('.h5'));
const fixture = (name: string) => readFileSync(`${ROOT}${name}`);
const probe = (name: string) => readFileSync(new URL(`../../../fixtures/format-probes/${name}`, import.meta.url));

/** Reads all; what it throws has to be an error about the content. */
async function survives(bytes: Uint8Array): Promise<void> {
  const error: unknown = await readAll(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !isContentError(error)) throw error;
}

describe('a file that leads to other files', () => {
  it('is read without them: links by their kind', async () => {
    const { file } = await openHdf5(probe('h5-external-link/m.h5'));
    const links = [...(await file.root()).links];
    expect(links.map(([, { kind }]) => kind)).toContain('external');
    const [[name = ''] = []] = links.filter(([, { kind }]) => kind === 'external');
    await expect(file.find([name])).rejects.toThrow('is a link of the kind "external"');
  });

  it('is refused: elements in other files', async () => {
    const { file } = await openHdf5(probe('h5-external-storage/m.weights.h5'));
    const dataset = (await file.find(['w']))?.dataset;
    if (dataset === undefined) throw new Error('no dataset');
    expect(await file.otherFiles(dataset)).toEqual(['/etc/passwd']);
    await expect(file.elements(dataset)).rejects.toThrow('takes its elements from other files');
  });
});

describe('numbers that lie', () => {
  it('a shape that is larger than the file costs nothing until its elements are asked for', async () => {
    const { file, budget } = await openHdf5(probe('h5-huge-shape/model.weights.h5'));
    const dataset = (await file.find(['w']))?.dataset;
    if (dataset === undefined) throw new Error('no dataset');
    await expect(file.elements(dataset)).rejects.toMatchObject({ code: 'limit' });
    expect(budget.peak).toBeLessThan(1_000_000);
  });

  it.each([
    ['2^60 elements', craftedDataset([2 ** 50, 2 ** 10], 0, 8), 'more elements than any file'],
    ['2^63 elements', craftedDataset([2n ** 63n], 0, 8), 'larger than any file'],
    ['an array outside of the file', craftedDataset([4], 2 ** 40, 16), 'outside of the data'],
    ['an array that is longer than its shape', craftedDataset([4], 0, 20), 'has 20 bytes, not 16'],
  ])('%s', async (_what, messages, why) => {
    const reading = openHdf5(craftHdf5(messages)).then(async ({ file }) => {
      const { dataset } = await file.root();
      return dataset === undefined ? undefined : await file.elements(dataset);
    });
    await expect(reading).rejects.toThrow(why);
  });

  it('two layouts in one object', async () => {
    const messages = [...craftedDataset([2], 0, 8), ...craftedDataset([2], 8, 8)];
    const reading = openHdf5(craftHdf5(messages)).then(({ file }) => file.root());
    await expect(reading).rejects.toThrow('is in an object twice');
  });
});

describe('what leads to itself', () => {
  it('a header that continues at its start', async () => {
    const messages = [[0x10, Buffer.concat([number(MESSAGES_AT), number(24)])]] as const;
    const reading = openHdf5(craftHdf5(messages)).then(({ file }) => file.root());
    await expect(reading).rejects.toThrow('continues where it was before');
  });

  it('a tree whose node is its own child', async () => {
    const heapAt = MESSAGES_AT + 24;
    const treeAt = heapAt + 40;
    const heap = Buffer.concat([
      Buffer.from('HEAP'),
      Buffer.alloc(4),
      number(8),
      number(8),
      number(heapAt + 32),
      number(0),
    ]);
    const head = Buffer.from([0x54, 0x52, 0x45, 0x45, 0, 1, 1, 0]);
    const tree = Buffer.concat([head, Buffer.alloc(16, 0xff), number(0), number(treeAt), number(0)]);
    const messages = [[0x11, Buffer.concat([number(treeAt), number(heapAt)])]] as const;
    const reading = openHdf5(craftHdf5(messages, Buffer.concat([heap, tree]))).then(({ file }) => file.root());
    await expect(reading).rejects.toThrow('is in its tree twice');
  });

  it('a group that holds itself is one object', async () => {
    const link = Buffer.concat([Buffer.from([1, 0, 4]), Buffer.from('self'), number(HEADER_AT)]);
    const { file } = await openHdf5(craftHdf5([[0x06, link]]));
    expect([...(await allObjects(file)).keys()]).toEqual(['']);
    expect((await file.find(['self', 'self', 'self']))?.links.size).toBe(1);
  });
});

it('two links of one name', async () => {
  const link = Buffer.concat([Buffer.from([1, 0, 1]), Buffer.from('a'), number(HEADER_AT)]);
  const both = [[0x06, link] as const, [0x06, link] as const];
  const reading = openHdf5(craftHdf5(both)).then(({ file }) => file.root());
  await expect(reading).rejects.toThrow('has the name "a" twice');
});

it('a link of the name __proto__ is a name', async () => {
  const link = Buffer.concat([Buffer.from([1, 0, 9]), Buffer.from('__proto__'), number(HEADER_AT)]);
  const { file } = await openHdf5(craftHdf5([[0x06, link]]));
  expect([...(await file.root()).links.keys()]).toEqual(['__proto__']);
});

describe.each(NAMES)('%s', (name) => {
  it('with changed bytes is read or refused, and nothing else', async () => {
    const bytes = fixture(name);
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const change = fc.asyncProperty(changes, async (places) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of places) changed[at] = byte;
      await survives(changed);
    });
    await fc.assert(change, { numRuns: 60 });
  });

  it('with changed numbers near its structures is read or refused', async () => {
    const bytes = fixture(name);
    const marks = ['TREE', 'SNOD', 'HEAP', 'GCOL', 'OHDR', 'FRHP', 'BTHD', 'FHIB', 'BTLF'].flatMap((mark) => {
      const found: number[] = [];
      for (let at = bytes.indexOf(mark); at >= 0 && found.length < 8; at = bytes.indexOf(mark, at + 4)) found.push(at);
      return found;
    });
    const values = fc.constantFrom(0, 1, 0x7f, 0xff, 96, 48);
    const change = fc.asyncProperty(fc.constantFrom(0, ...marks), fc.nat(120), values, async (mark, by, byte) => {
      const changed = Buffer.from(bytes);
      changed[Math.min(changed.length - 1, mark + by)] = byte;
      await survives(changed);
    });
    await fc.assert(change, { numRuns: 60 });
  });

  it('cut anywhere is refused', async () => {
    const bytes = fixture(name);
    const cut = fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
      await expect(readAll(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'truncated' });
    });
    await fc.assert(cut, { numRuns: 10 });
  });
});
