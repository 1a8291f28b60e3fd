import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { readArrays } from '../../../src/formats/arrays/read.ts';
import { withReadOptions } from '../../convert/convert-bytes.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { runProgram } from '../../support/run-program.ts';
import { tempFolder } from '../../support/temp.ts';

/** Arrays of every type, in both orders of bytes and of dimensions, and what NumPy says they hold. */
const WRITE = `
import json, sys, numpy as np
rng = np.random.default_rng(7)
arrays = {}
for kind in ('f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1 U3').split():
    for order in '<>':
        for layout in 'CF':
            whole = rng.integers(0, 100, size=(2, 3, 4))
            arrays[f'{order}{kind}{layout}'] = np.asarray(whole.astype(order + kind), order=layout)
np.savez(sys.argv[1], **arrays)
print(json.dumps({name: array.tolist() for name, array in arrays.items()}))
`;

const python = findPython() ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;

requirePart('numpy package', hasNumpy, 'pip install numpy', 'arrays that NumPy writes', () => {
  it('reads every type of number and text, in both orders of bytes and of dimensions', async () => {
    const path = join(tempFolder(), 'all.npz');
    const run = await runProgram(python, ['-c', WRITE, path]);
    const expected = JSON.parse(run.stdout) as Record<string, unknown[][][]>;
    const bytes = readFileSync(path);
    const arrays = await withReadOptions(bytes.length, {}, (options) =>
      readArrays({ path, source: new MemorySource(bytes, path) }, options),
    );
    expect([...arrays.keys()]).toEqual(Object.keys(expected));
    for (const [name, array] of arrays) {
      expect(array.dims, name).toEqual([2, 3, 4]);
      const own = array.kind === 'texts' ? array.values : Array.from(array.values, Number);
      const flat = expected[name]?.flat(2).map((value) => (typeof value === 'boolean' ? Number(value) : value));
      expect(own, name).toEqual(flat);
    }
  });
});
