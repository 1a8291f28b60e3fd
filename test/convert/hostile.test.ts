import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { shardedCheckpoints } from '../../src/convert/distributed/forms.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { buildZip } from '../support/containers.ts';
import { assemble, global, type Instruction, text } from '../support/pickle-asm.ts';
import { convertBytes, fixtureFiles, withReadOptions } from './convert-bytes.ts';

function npy(header: string, data: Uint8Array): Buffer {
  const line = `${header}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(line.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(line), data]);
}

const FOUR = new Uint8Array(16);
const GOOD = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", FOUR);

describe('arrays that lie', () => {
  it.each([
    ['a shape of more bytes than the file', "{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}", 'truncated'],
    ['a shape of fewer bytes than the file', "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 'malformed'],
    ['a shape of 2^63', "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 'malformed'],
    ['a product of 2^64', "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296)}", 'malformed'],
    ['a negative size', "{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}", 'malformed'],
    ['objects', "{'descr': '|O', 'fortran_order': False, 'shape': (4,)}", 'unsupported'],
    ['complex128', "{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", 'unsupported'],
    ['text', "{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", 'unsupported'],
    ['fields', "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,)}", 'unsupported'],
    ['dates', "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (2,)}", 'unsupported'],
  ])('%s', async (_, header, code) => {
    await expect(convertBytes('array.npy', npy(header, FOUR))).rejects.toMatchObject({ code });
  });

  it('leaves out a type that safetensors does not have, and names it', async () => {
    const bytes = npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", FOUR);
    const { set } = await convertBytes('array.npy', bytes, { salvage: true });
    expect(set).toEqual({ tensors: [], leftOut: [{ path: 'array', what: 'an array of complex128' }] });
  });
});

describe('archives of arrays that lie', () => {
  it.each([
    [
      'two members of one name',
      buildZip([
        { name: 'a.npy', data: GOOD },
        { name: 'a.npy', data: GOOD },
      ]),
      'malformed',
    ],
    [
      'names that become one',
      buildZip([
        { name: 'a.npy', data: GOOD },
        { name: 'a', data: GOOD },
      ]),
      'unsupported',
    ],
    ['a reserved name', buildZip([{ name: '__metadata__.npy', data: GOOD }]), 'unsupported'],
    ['no name', buildZip([{ name: '.npy', data: GOOD }]), 'unsupported'],
    ['another name in the header', buildZip([{ name: 'a.npy', data: GOOD, local: { name: 'b.npy' } }]), 'malformed'],
    [
      'another checksum',
      buildZip([{ name: 'a.npy', data: GOOD, method: 8, local: { crc: 1 }, central: { crc: 1 } }]),
      'malformed',
    ],
    [
      'bytes behind the compressed ones',
      buildZip([
        { name: 'a.npy', data: GOOD, method: 8, stored: Buffer.concat([deflateRawSync(GOOD), Buffer.alloc(4)]) },
      ]),
      'malformed',
    ],
    ['an unknown method', buildZip([{ name: 'a.npy', data: GOOD, method: 97, stored: GOOD }]), 'unsupported'],
  ])('%s', async (_, bytes, code) => {
    await expect(convertBytes('arrays.npz', bytes)).rejects.toMatchObject({ code });
  });

  it('a decompression bomb', async () => {
    const zeros = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4000000,)}", new Uint8Array(4_000_000));
    const bytes = buildZip([{ name: 'a.npy', data: zeros, method: 8 }]);
    await expect(convertBytes('arrays.npz', bytes, { limits: { maxExpandedBytes: 1_000_000 } })).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

const NUMBER = (value: number): Instruction => ['BININT1', value];
const DTYPE: readonly Instruction[] = [global('numpy', 'dtype'), text('f4'), 'TUPLE1', 'REDUCE'];

/** `_reconstruct(ndarray, (0,), 'b')` with a state of four elements. */
function array(shape: readonly Instruction[], bytes: number, cls = 'ndarray'): Instruction[] {
  return [
    global('numpy.core.multiarray', '_reconstruct'),
    global('numpy', cls),
    NUMBER(0),
    'TUPLE1',
    ['SHORT_BINBYTES', 1, 'b'],
    'TUPLE3',
    'REDUCE',
    'MARK',
    NUMBER(1),
    ...shape,
    ...DTYPE,
    'NEWFALSE',
    ['SHORT_BINBYTES', bytes, ...new Array<number>(bytes).fill(1)],
    'TUPLE',
    'BUILD',
  ];
}

const PROTO: Instruction = ['PROTO', 3];
const VECTOR: readonly Instruction[] = [NUMBER(4), 'TUPLE1'];

function pickled(...program: readonly Instruction[]): Uint8Array {
  return assemble(PROTO, ...program, 'STOP');
}

function dict(...entries: readonly (readonly Instruction[])[]): Instruction[] {
  return ['EMPTY_DICT', ...entries.flatMap((entry) => [...entry, 'SETITEM' as const])];
}

describe('pickles of arrays that lie', () => {
  it.each<[string, Uint8Array, string]>([
    ['fewer bytes than the shape', pickled(...dict([text('a'), ...array(VECTOR, 12)])), 'malformed'],
    ['more bytes than the shape', pickled(...dict([text('a'), ...array(VECTOR, 20)])), 'malformed'],
    ['a class of its own', pickled(...dict([text('a'), ...array(VECTOR, 16, 'recarray')])), 'unsupported'],
    ['a reserved name', pickled(...dict([text('__metadata__'), ...array(VECTOR, 16)])), 'unsupported'],
    [
      'an unpaired surrogate',
      pickled(...dict([['SHORT_BINUNICODE', 3, 0xed, 0xa0, 0x80], ...array(VECTOR, 16)])),
      'unsupported',
    ],
    [
      'a name twice',
      pickled(...dict([text('1'), ...array(VECTOR, 16)], [NUMBER(1), ...array(VECTOR, 16)])),
      'unsupported',
    ],
    ['a dict that holds itself', pickled('EMPTY_DICT', 'MEMOIZE', text('a'), ['BINGET', 0], 'SETITEM'), 'unsupported'],
    [
      'bytes behind the pickle',
      Buffer.concat([pickled(...dict([text('a'), ...array(VECTOR, 16)])), FOUR]),
      'unsupported',
    ],
  ])('%s', async (_, bytes, code) => {
    await expect(convertBytes('arrays.pkl', bytes)).rejects.toMatchObject({ code });
  });

  it('takes the names of prototypes as names', async () => {
    const entries = ['__proto__', 'constructor', 'toString'].map((name) => [text(name), ...array(VECTOR, 16)]);
    const { set } = await convertBytes('arrays.pkl', pickled(...dict(...entries)));
    expect(set.tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  it('does not take an array for one whose items were set', async () => {
    const changed = [...array(VECTOR, 16), NUMBER(0), NUMBER(7), 'SETITEM' as const];
    const { set } = await convertBytes('arrays.pkl', pickled(...dict([text('a'), ...changed])));
    expect(set.tensors).toEqual([]);
  });

  it('salvages what a call has not received, and names the call', async () => {
    const evil: Instruction[] = [global('os', 'system'), text('id'), 'TUPLE1', 'REDUCE'];
    const bytes = pickled(...evil, 'POP', ...dict([text('w'), ...array(VECTOR, 16)], [text('x'), ...evil]));
    const { set } = await convertBytes('arrays.pkl', bytes, { salvage: true });
    expect(set.tensors.map(({ name }) => name)).toEqual(['w']);
    expect(set.leftOut).toEqual([{ path: 'x', what: 'a call of os.system' }]);
  });

  it('refuses an array that a call has received', async () => {
    const bytes = pickled(
      ...array(VECTOR, 16),
      'MEMOIZE',
      'POP',
      global('builtins', 'exec'),
      ['BINGET', 0],
      'TUPLE1',
      'REDUCE',
      'POP',
      ...dict([text('w'), ['BINGET', 0]]),
    );
    await expect(convertBytes('arrays.pkl', bytes, { salvage: true })).rejects.toMatchObject({
      message: expect.stringContaining('a call of builtins.exec receives a tensor'),
    });
  });

  it('evaluates no expression of Paddle but the name of its data', async () => {
    const call = (expression: string): Instruction[] => [
      global('builtins', 'eval'),
      text(expression),
      ...dict([text('data'), ...array(VECTOR, 16)]),
      'TUPLE2',
      'REDUCE',
    ];
    const options = { salvage: true };
    const plain = await convertBytes('a.pdparams', pickled(...dict([text('a'), ...call('data')])), options);
    expect(plain.set.tensors.map(({ name }) => name)).toEqual(['a']);
    const other = await convertBytes('a.pdparams', pickled(...dict([text('a'), ...call('data*2')])), options);
    expect(other.set).toEqual({ tensors: [], leftOut: [{ path: 'a', what: 'a call of builtins.eval' }] });
  });
});

describe('Flax files that lie', () => {
  const key = Buffer.from([0x81, 0xa1, 0x61]);
  const extension = (body: number[]) => Buffer.concat([key, Buffer.from([0xc7, body.length, 1, ...body])]);
  const float32 = [0xa7, ...Buffer.from('float32')];

  it.each([
    ['fewer bytes than the shape', extension([0x93, 0x91, 2, ...float32, 0xc4, 4, 0, 0, 0, 0]), 'malformed'],
    ['a negative size', extension([0x93, 0x91, 0xff, ...float32, 0xc4, 4, 0, 0, 0, 0]), 'malformed'],
    ['a size of 2^63', extension([0x93, 0x91, 0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0, ...float32, 0xc4, 0]), 'malformed'],
    [
      'a type with a byte order',
      extension([0x93, 0x91, 1, 0xa3, 0x3e, 0x66, 0x34, 0xc4, 4, 0, 0, 0, 0]),
      'unsupported',
    ],
    ['bytes behind the array', extension([0x93, 0x91, 1, ...float32, 0xc4, 4, 0, 0, 0, 0, 0]), 'malformed'],
    ['a key twice', Buffer.from([0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2]), 'malformed'],
    ['a text without an end', Buffer.concat([key, Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])]), 'truncated'],
  ])('%s', async (_, bytes, code) => {
    const { FLAX_MSGPACK } = await import('../../src/convert/flax/formats.ts');
    const file = { path: 'a.msgpack', source: new MemorySource(bytes, 'a.msgpack') };
    const read = withReadOptions(bytes.length, {}, (options) => FLAX_MSGPACK.read(file, options));
    await expect(read).rejects.toMatchObject({ code });
  });
});

describe('checkpoints of several files that lie', () => {
  async function read(folder: string, change: (path: string, bytes: Buffer) => Buffer | undefined) {
    const files = (await fixtureFiles(folder)).flatMap((file) => {
      const bytes = change(file.path, readFileSync(`fixtures/convert/${folder}/${file.path}`));
      return bytes === undefined ? [] : [{ ...file, source: new MemorySource(bytes, file.path) }];
    });
    const [form] = shardedCheckpoints(files);
    return await withReadOptions(100_000, {}, (options) => form?.read(options) ?? Promise.reject(new Error('no form')));
  }
  const replaced = (bytes: Buffer, from: string, to: string) =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

  it('an index that expects a tensor in another file', async () => {
    const swap = (path: string, bytes: Buffer) =>
      path.endsWith('.json')
        ? replaced(bytes, '"first.bias": "pytorch_model-00001', '"first.bias": "pytorch_model-00002')
        : bytes;
    await expect(read('sharded-bin', swap)).rejects.toMatchObject({ code: 'malformed' });
  });

  it('an index that leads out of the folder', async () => {
    const lead = (path: string, bytes: Buffer) =>
      path.endsWith('.json') ? replaced(bytes, '"pytorch_model-00001', '"../pytorch_model-00001') : bytes;
    await expect(read('sharded-bin', lead)).rejects.toMatchObject({ code: 'malformed' });
  });

  it.each([
    ['sharded-bin', 'pytorch_model-00002-of-00002.bin', 'unsupported'],
    ['distcp', '__1_0.distcp', 'unsupported'],
    ['deepspeed/zero2', 'zero_pp_rank_1_mp_rank_00_optim_states.pt', 'malformed'],
    ['deepspeed/zero3', 'zero_pp_rank_1_mp_rank_00_model_states.pt', 'malformed'],
  ])('%s without %s', async (folder, missing, code) => {
    await expect(read(folder, (path, bytes) => (path === missing ? undefined : bytes))).rejects.toMatchObject({ code });
  });

  it('metadata that leads out of the folder, or to another chunk', async () => {
    const lead = (path: string, bytes: Buffer) =>
      path === '.metadata' ? replaced(bytes, '__1_0.distcp', '../_0.distcp') : bytes;
    await expect(read('distcp', lead)).rejects.toMatchObject({ code: 'malformed' });
    const other = (path: string, bytes: Buffer) =>
      path === '.metadata' ? replaced(bytes, '__1_0.distcp', '__0_0.distcp') : bytes;
    await expect(read('distcp', other)).rejects.toMatchObject({ name: 'AssayError' });
  });

  it.each(['dtensor.pt', 'fsdp-sharded.pt'])('the part of one process: %s', async (name) => {
    await expect(convertBytes(name, readFileSync(`fixtures/convert/torch/${name}`))).rejects.toMatchObject({
      message: expect.stringMatching(/a part of a tensor that other processes hold/),
      hint: expect.stringContaining('full state dict'),
    });
  });

  it('forms of tensors that safetensors does not have: left out by name', async () => {
    const { set } = await convertBytes('others.pt', readFileSync('fixtures/convert/torch/others.pt'), {
      salvage: true,
    });
    expect(set.tensors.map(({ name }) => name)).toEqual(['kept']);
    expect(set.leftOut.map(({ path }) => path).sort()).toEqual([
      'csr',
      'double',
      'meta',
      'nested',
      'quantised',
      'sparse',
    ]);
  });
});
