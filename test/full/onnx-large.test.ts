import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type ByteSource, chunks } from '../../src/core/bytes/byte-source.ts';
import { FileSource } from '../../src/core/bytes/file-source.ts';
import { GraphBuilder } from '../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../src/formats/onnx/build/tensors.ts';
import { readOnnx } from '../../src/formats/onnx/read/model.ts';
import { openRunner } from '../../src/formats/onnx/run/runner.ts';
import { writeOnnx } from '../../src/formats/onnx/write/write.ts';
import { onnxOracle } from '../support/onnx-oracle.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { canImport } from '../support/run-program.ts';

/** Of each of two tensors: the runtime takes none of more than 2 GB. */
const ROWS = 8_500;
const COLUMNS = 32_768;

const python = findPython();
const present = await canImport(python, 'onnx');

requirePart('onnx package', present, 'pip install onnx==1.23.2', 'models of more than 2 GB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-onnx-large-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function save(source: ByteSource): Promise<FileSource> {
    const path = join(folder, source.name);
    await pipeline(Readable.from(chunks(source)), createWriteStream(path));
    return FileSource.open(path);
  }

  describe('with the tensors in a second file', () => {
    it('are accepted by the onnx package, read again, and run', async () => {
      const graph = new GraphBuilder('large');
      const row = graph.input('row', 'int64', [1]);
      for (const name of ['a', 'b']) {
        const weights = new Float32Array(ROWS * COLUMNS);
        for (let at = 0; at < ROWS; at++) weights[at * COLUMNS] = name === 'a' ? at : -at;
        const table = graph.constant(tensorOf(weights, [ROWS, COLUMNS]), name);
        graph.output(`${name}_row`, graph.op('Gather', [table, row]), 'float32', [1, COLUMNS]);
      }
      const written = writeOnnx(graph.model(), { externalName: 'tensors.data' });
      expect(written.external?.size).toBe(2 * ROWS * COLUMNS * 4);
      const model = await save(written.model);
      const tensors = await save(written.external ?? expect.unreachable('no second file'));

      expect(await onnxOracle(python ?? '', { path: join(folder, written.model.name) })).toEqual({ outputs: {} });
      expect((await readOnnx(model)).external).toMatchObject([
        { at: { location: 'tensors.data', offset: 0 } },
        { at: { location: 'tensors.data', offset: ROWS * COLUMNS * 4 } },
      ]);
      const external = (location: string) => (location === 'tensors.data' ? tensors : undefined);
      const runner = await openRunner({ model, external, bounds: { sandboxWallMs: 3_600_000 } });
      const last = { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(ROWS - 1)) } as const;
      const rows = await runner.run(new Map([['row', last]]));
      expect([rows.get('a_row')?.data[0], rows.get('b_row')?.data[0]]).toEqual([ROWS - 1, 1 - ROWS]);
      await runner.close();
      await model.close();
      await tensors.close();
    });
  });
});
