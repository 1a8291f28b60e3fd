import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../src/core/assessment/assessment.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { openPath } from '../../src/sources/path/path.ts';
import { artifactOf, fileFrom, folderFiles, memoryFile } from '../support/artifacts.ts';
import { message, onnxModel, property, RELU } from '../support/onnx-messages.ts';
import { noise, tempFolder } from '../support/temp.ts';

interface Part {
  readonly file?: string;
  readonly offset?: number;
  /** Elements of four bytes. */
  readonly count: number;
}

function modelOf(...parts: readonly Part[]): Uint8Array {
  return onnxModel({
    graph: (graph) => {
      RELU(graph);
      for (const { file = 'w.bin', offset, count } of parts)
        graph.message(
          5,
          message((tensor) => {
            tensor.varint(1, count);
            tensor.varint(2, 1);
            tensor.message(13, property('location', file));
            if (offset !== undefined) tensor.message(13, property('offset', String(offset)));
            tensor.varint(14, 1);
          }),
        );
    },
  });
}

/** Bytes of no format, as weights are. */
const WEIGHTS = noise(400, 3);

async function of(files: Readonly<Record<string, Uint8Array>>): Promise<Assessment> {
  return await assess(artifactOf(Object.entries(files).map(([path, bytes]) => memoryFile(path, bytes))));
}

function verdicts({ files }: Assessment): Record<string, string> {
  return Object.fromEntries(files.map(({ path, verdict }) => [path, verdict]));
}

describe('the files of the tensors of a model', () => {
  it('are clean when tensors are all that they hold', async () => {
    const assessed = await of({ 'sub/m.onnx': modelOf({ count: 100 }), 'sub/w.bin': WEIGHTS });
    expect(verdicts(assessed)).toEqual({ 'sub/m.onnx': 'clean', 'sub/w.bin': 'clean' });
    const data = assessed.files.find(({ path }) => path === 'sub/w.bin');
    expect(data).toMatchObject({ format: 'onnx-data', reasons: [] });
    expect(data?.coverage).toEqual({
      ranges: [{ start: 0, end: 400, kind: 'opaque', why: 'tensors of sub/m.onnx: numbers' }],
      gaps: [],
    });
    expect(assessed.findings).toEqual([]);
    expect(assessed.checks).toEqual([]);
  });

  it('of a real model are clean', async () => {
    const folder = tempFolder();
    for (const file of ['external.onnx', 'external.data']) cpSync(join('fixtures/onnx', file), join(folder, file));
    const assessed = await assess(artifactOf(folderFiles(folder)));
    expect(verdicts(assessed)).toEqual({ 'external.onnx': 'clean', 'external.data': 'clean' });
  });

  it('may be shared by models, and have zeros between tensors', async () => {
    const bytes = new Uint8Array(4096 + 400);
    bytes.set(WEIGHTS.subarray(0, 40), 0);
    bytes.set(WEIGHTS, 4096);
    const assessed = await of({
      'a.onnx': modelOf({ count: 10 }),
      'b.onnx': modelOf({ count: 100, offset: 4096 }),
      'w.bin': bytes,
    });
    expect(verdicts(assessed)).toEqual({ 'a.onnx': 'clean', 'b.onnx': 'clean', 'w.bin': 'clean' });
  });

  it.each([
    ['between tensors', [{ count: 10 }, { count: 80, offset: 80 }]],
    ['behind the last', [{ count: 99 }]],
    ['before the first', [{ count: 99, offset: 4 }]],
  ])('stay unknown with bytes %s', async (_, parts) => {
    const assessed = await of({ 'm.onnx': modelOf(...parts), 'w.bin': WEIGHTS });
    expect(verdicts(assessed)).toEqual({ 'm.onnx': 'clean', 'w.bin': 'unknown' });
    expect(assessed.files.find(({ path }) => path === 'w.bin')?.reasons.join()).toMatch(/bytes are of no tensor/);
  });

  it('stay unknown when no model names them, or one in another folder', async () => {
    const bytes = modelOf({ count: 100 });
    expect(verdicts(await of({ 'm.onnx': bytes, 'other.bin': WEIGHTS, 'w.bin': WEIGHTS }))).toMatchObject({
      'other.bin': 'unknown',
      'w.bin': 'clean',
    });
    expect(verdicts(await of({ 'sub/m.onnx': bytes, 'w.bin': WEIGHTS }))).toEqual({
      'sub/m.onnx': 'not-assessed',
      'w.bin': 'unknown',
    });
  });

  it('that are missing leave the model not assessed, and say what to scan', async () => {
    const { files, checks, status } = await of({ 'm.onnx': modelOf({ count: 1 }, { count: 1, file: 'v.bin' }) });
    expect(status).toBe('complete');
    expect(files[0]?.verdict).toBe('not-assessed');
    expect(checks).toEqual([
      {
        id: 'format.onnx.external-data',
        status: 'not-assessed',
        detail: expect.stringContaining('and 1 more files, not in the artifact: scan the folder that holds all'),
      },
    ]);
  });

  it('may be as many as tensors, each missing or odd', async () => {
    const parts = Array.from({ length: 3_000 }, (_, i) => ({ count: 1, file: `w${i}.bin` }));
    const missing = await of({ 'm.onnx': modelOf(...parts) });
    expect(missing.files[0]?.verdict).toBe('not-assessed');
    expect(missing.files[0]?.reasons.length).toBe(1);
    const odd = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`w${i}.bin`, Buffer.from('{"a": 1}')]));
    const found = await of({ 'm.onnx': modelOf(...parts), ...odd });
    expect(found.files[0]?.verdict).toBe('suspicious');
    expect(found.findings.length).toBe(20);
  });

  it('that are too many leave the model unknown', async () => {
    const parts = Array.from({ length: 20_001 }, (_, i) => ({ count: 1, file: `w${i}` }));
    expect(verdicts(await of({ 'm.onnx': modelOf(...parts) }))).toEqual({ 'm.onnx': 'unknown' });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['is shorter than they are', WEIGHTS.subarray(0, 396), /ends at 396, and a tensor at 400/],
    ['is code', Buffer.from(`import os\nos.system("id")\n${'#'.repeat(400)}`), /is not tensor data/],
    ['is a configuration', Buffer.from(JSON.stringify({ a: 'b'.repeat(400) })), /is not tensor data/],
    ['is a program', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), noise(400)]), /is not tensor data/],
    ['is text', Buffer.from('root:x:0:0:root:/root:/bin/bash\n'.repeat(40)), /is not tensor data/],
  ])('are odd when the file %s', async (_, bytes, text) => {
    const assessed = await of({ 'm.onnx': modelOf({ count: 100 }), 'w.bin': bytes });
    expect(verdicts(assessed)['m.onnx']).toBe('suspicious');
    const own = assessed.findings.filter(({ file }) => file === 'm.onnx');
    expect(own.map(({ ruleId }) => ruleId)).toEqual(['onnx.external-odd']);
    expect(own[0]?.message).toMatch(text);
    expect(verdicts(assessed)['w.bin']).not.toBe(bytes.length === 396 ? 'unknown' : 'none');
  });

  it('never make a file with a pickle clean', async () => {
    const pickle = Buffer.concat([Buffer.from('cos\nsystem\n(S"id"\ntR.'), noise(379)]);
    const assessed = await of({ 'm.onnx': modelOf({ count: 100 }), 'w.bin': pickle });
    expect(verdicts(assessed)['w.bin']).toBe('malicious');
  });

  it('are odd behind a symbolic link', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'm.onnx'), modelOf({ count: 100 }));
    writeFileSync(join(folder, 'data/x'), WEIGHTS);
    symlinkSync('data/x', join(folder, 'w.bin'));
    const artifact = await openPath({ kind: 'path', path: folder }, {});
    try {
      const assessed = await assess(artifact);
      expect(verdicts(assessed)['m.onnx']).toBe('suspicious');
      expect(assessed.findings[0]?.message).toMatch(/is a symbolic link/);
    } finally {
      await artifact.close();
    }
  });

  it('stay unknown when the file is another one by the time that it is read again', async () => {
    const bytes = new Uint8Array(404);
    bytes.set(WEIGHTS);
    let opened = 0;
    const swapped = fileFrom('w.bin', bytes.length, async () => {
      if (opened++ === 0) return new MemorySource(bytes, 'w.bin');
      return Object.assign(new MemorySource(bytes, 'w.bin'), { unchanged: async () => false });
    });
    const model = memoryFile('m.onnx', modelOf({ count: 100 }));
    const assessed = await assess(artifactOf([model, swapped]));
    expect(opened).toBe(2);
    expect(verdicts(assessed)['w.bin']).toBe('unknown');
  });
});
