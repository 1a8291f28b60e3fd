import { expect, it } from 'vitest';
import type { TensorSet } from '../../../src/convert/tensors/tensor.ts';
import { verifyTensors } from '../../../src/convert/verify/tensor-bytes.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { written } from '../convert-bytes.ts';

const tensor = (name: string, shape: readonly number[], strides: readonly number[], ...values: number[]) => ({
  name,
  dtype: 'F32' as const,
  shape,
  strides,
  offset: 0,
  bytes: new MemorySource(new Uint8Array(Float32Array.from(values).buffer), name),
  bigEndian: false,
});
const SET: TensorSet = {
  tensors: [tensor('a', [2, 2], [1, 2], 1, 2, 3, 4), tensor('__proto__', [2], [1], 5, 6)],
  leftOut: [],
};

function verify(tensors: TensorSet['tensors'], bytes: Uint8Array) {
  return verifyTensors(tensors, new MemorySource(bytes, 'm.safetensors'), {
    limits: DEFAULT_LIMITS,
    signal: undefined,
  });
}

it('passes for the file that was written', async () => {
  const result = await verify(SET.tensors, await written(SET));
  expect(result).toMatchObject({ kind: 'tensor bytes', pass: true, rows: 2, problem: null });
});

it('fails for one changed byte, and names the tensor', async () => {
  const bytes = Buffer.from(await written(SET));
  const last = bytes.length - 1;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  expect(await verify(SET.tensors, bytes)).toMatchObject({
    pass: false,
    tensors: null,
    problem: '"a" is not that of the source',
  });
});

it('fails for another shape, another type, and a tensor too many or too few', async () => {
  const [a, proto] = SET.tensors;
  if (a === undefined || proto === undefined) throw new Error('no tensors');
  const bytes = await written(SET);
  expect(await verify([{ ...a, shape: [4], strides: [1] }, proto], bytes)).toMatchObject({ pass: false });
  expect(await verify([a, { ...proto, dtype: 'I32' }], bytes)).toMatchObject({ pass: false });
  expect(await verify([a], bytes)).toMatchObject({ pass: false, problem: 'the file has 2 tensors, and the source 1' });
  expect(await verify([a, proto, { ...a, name: 'b' }], bytes)).toMatchObject({ pass: false });
});
