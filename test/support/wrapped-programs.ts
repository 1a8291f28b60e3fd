import { deflateSync, gzipSync } from 'node:zlib';
import { buildZip } from './containers.ts';
import { mutate, type Random, randomProgram } from './pickle-programs.ts';

export interface WrappedProgram {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const short = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
/** Lines that begin a program: each is accepted by some loader. */
const HEADS = [
  ...[
    'I010\n',
    'F 1.0\n',
    'Np0\ng0\n',
    'S"\xe9"\n',
    'Pid\n',
    'V\\u0061\n',
    'L5L\n',
    '(',
    'N',
    'I1_0\n',
    'F1e999\n',
    'I0x1f\0\n',
  ],
  ...['Np1\0x\n', 'S"a" \n', 'L5\0L\n', '\x80\x02}q\x00.', ''],
] as const;
const NAMES = ['a.pkl', 'a.bin', 'a', 'a.pt', 'a.joblib', 'a.npy', 'a.onnx', 'a.dat', 'a.gif', 'a.h5'] as const;

/** The stream that joblib writes before an array, up to the BUILD. */
function joblibHead(type: 'O8' | 'f8', count: number): Buffer {
  const flags = type === 'O8' ? 63 : 0;
  const state = `(K\x03${short('<')}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK${String.fromCharCode(flags)}t`;
  const dtype = `${short('numpy')}${short('dtype')}\x93${short(type)}\x89\x88\x87R${state}b`;
  const subclass = `${short('numpy')}${short('ndarray')}\x93`;
  const items = `${short('subclass')}${subclass}${short('shape')}K${String.fromCharCode(count)}\x85${short('order')}${short('C')}`;
  const more = `${short('dtype')}${dtype}${short('allow_mmap')}\x89`;
  return latin1(`\x80\x04${short('joblib.numpy_pickle')}${short('NumpyArrayWrapper')}\x93)\x81}(${items}${more}ub`);
}

function npy(descr: string, body: Uint8Array): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (1,), }`.padEnd(117);
  return Buffer.concat([latin1('\x93NUMPY\x01\x00v\x00'), latin1(`${header}\n`), body]);
}

type Wrapper = (program: Uint8Array, random: Random) => WrappedProgram;

const WRAPPERS: readonly [Wrapper, ...Wrapper[]] = [
  (program, random) => ({ name: random.pick(NAMES), bytes: program }),
  (program, random) => ({ name: random.pick(NAMES), bytes: Buffer.concat([latin1(random.pick(HEADS)), program]) }),
  (program) => ({ name: 'a.gif', bytes: Buffer.concat([latin1('GIF89a\x01\x00\x01'), program]) }),
  (program) => ({ name: 'a.rds', bytes: Buffer.concat([latin1('X\n\x00\x00\x00'), Buffer.alloc(10), program]) }),
  (program) => ({ name: 'a.npy', bytes: npy('|O', program) }),
  (program) => ({ name: 'a.npz', bytes: buildZip([{ name: 'arr.npy', data: npy('|O', program), method: 8 }]) }),
  (program) => ({
    name: 'a.pt',
    bytes: buildZip([
      { name: 'a/data.pkl', data: program },
      { name: 'a/version', data: '3\n' },
    ]),
  }),
  (program) => ({ name: 'a.pkl.gz', bytes: gzipSync(program) }),
  (program) => ({ name: 'a.joblib', bytes: deflateSync(program) }),
  (program, random) => ({
    name: 'a.joblib',
    bytes: Buffer.concat([
      joblibHead('f8', 1),
      Buffer.from(mutate(Buffer.alloc(8, 0x30 + random.below(80)), random)).subarray(0, 8),
      program,
    ]),
  }),
  (program) => ({ name: 'a.joblib', bytes: Buffer.concat([joblibHead('O8', 1), program]) }),
  (program, random) => ({
    name: 'a.joblib',
    bytes: Buffer.concat([joblibHead('O8', 1), randomProgram(random.below(2 ** 31)), program]),
  }),
];

/** A random program in a container that some loader reads. */
export function wrappedProgram(seed: number, random: Random): WrappedProgram {
  return random.pick(WRAPPERS)(randomProgram(seed), random);
}
