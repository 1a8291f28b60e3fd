import { maskedCrc } from './crc32c.ts';
import { type Format, type Probe, startsWith } from './format.ts';
import { magicFormat, u32le } from './magic.ts';
import { looksLikeMsgpack } from './msgpack/index.ts';

/** Model and data formats that a few bytes identify, and whose content no scanner judges yet. */
export const TFLITE = magicFormat('tflite', 'TensorFlow Lite model', ['.tflite', '.lite'], [[[4, 'TFL3']]]);
export const EXECUTORCH = magicFormat('executorch', 'ExecuTorch program', ['.pte'], [[[4, 'ET12']]]);
export const ORT = magicFormat('ort', 'ONNX Runtime model', ['.ort'], [[[4, 'ORTM']]]);
export const TENSORRT = magicFormat(
  'tensorrt',
  'TensorRT engine',
  ['.engine', '.plan', '.trt'],
  [[[0, 'ftrt']], [[0, 'ptrt']]],
);
export const RKNN = magicFormat('rknn', 'RKNN model', ['.rknn'], [[[0, 'RKNN\0\0\0\0']]]);
export const CATBOOST = magicFormat('catboost', 'CatBoost model', ['.cbm'], [[[0, 'CBM1']]]);
export const UBJSON = magicFormat(
  'xgboost-ubj',
  'XGBoost model (UBJSON)',
  ['.ubj'],
  [
    [
      [0, '{L'],
      [10, 'learner'],
    ],
    [
      [0, '{L'],
      [10, 'version'],
    ],
    [
      [0, '{L'],
      [10, 'Config{L'],
    ],
    [
      [0, '{L'],
      [10, 'Model{L'],
    ],
  ],
);
/** Bytes of the settings that a learner begins with, and of the length of a name. */
const LEARNER = 136;
const LENGTH = 8;

/** A text after its length of 64 bits. @returns where it ends; -1 when none stands there */
function textEnd(head: Uint8Array, at: number, pattern: RegExp): number {
  const length = u32le(head, at);
  const end = at + LENGTH + length;
  if (length === 0 || length > 64 || u32le(head, at + 4) !== 0 || end > head.length) return -1;
  return pattern.test(Buffer.from(head.subarray(at + LENGTH, end)).toString('latin1')) ? end : -1;
}

/** Most files have no magic: settings, then the names of the objective and of the booster. */
export const XGBOOST_BINARY: Format = {
  id: 'xgboost-binary',
  title: 'XGBoost model (binary)',
  extensions: [],
  identify: ({ head }) => {
    if (startsWith(head, 'binf')) return true;
    const objectiveEnd = textEnd(head, LEARNER, /^[a-z]+(?:[:_-][a-z_-]+)*$/);
    return objectiveEnd > 0 && textEnd(head, objectiveEnd, /^(?:gbtree|gblinear|dart)$/) > 0;
  },
};
export const GGML = magicFormat(
  'ggml',
  'GGML model (before GGUF)',
  ['.ggml', '.ggmlv3'],
  [[[0, 'lmgg']], [[0, 'fmgg']], [[0, 'tjgg']], [[0, 'algg']]],
  ({ head }) => u32le(head, 4) < 100_000_000,
);
export const PARQUET = magicFormat(
  'parquet',
  'Parquet table',
  ['.parquet'],
  [[[0, 'PAR1']], [[0, 'PARE']]],
  ({ tail }) => startsWith(tail, 'PAR', tail.length - 4),
);
/** The last byte is the length of what precedes it, which ends with the mark. */
export const ORC = magicFormat('orc', 'ORC table', ['.orc'], [[[0, 'ORC']]], ({ tail }) =>
  startsWith(tail, 'ORC', tail.length - 4),
);
export const ARROW = magicFormat('arrow', 'Arrow table', ['.arrow', '.feather'], [[[0, 'ARROW1']], [[0, 'FEA1']]]);
export const SQLITE = magicFormat(
  'sqlite',
  'SQLite database',
  ['.sqlite', '.sqlite3', '.db'],
  [[[0, 'SQLite format 3\0']]],
);
export const MATLAB = magicFormat('matlab', 'MATLAB data', ['.mat'], [[[0, 'MATLAB 5.0 MAT-file']]]);
export const MLIR = magicFormat('mlir-bytecode', 'MLIR byte code', ['.mlirbc'], [[[0, [0x4d, 0x4c, 0xef, 0x52]]]]);
/** R reads a number of a text file past any white space. */
const RDS_TEXT = /^(?:RD[XAB][23]\n)?A\n\s*\+?0*[23]\s+\d{5,10}\s+\d{5,10}\s/;
/** R's serialization: the decompressed content of an `.rds` or `.RData` file. */
export const RDS: Format = {
  id: 'rds',
  title: 'R object',
  extensions: ['.rds', '.rdata', '.rda'],
  identify: ({ head }) => {
    if (startsWith(head, 'A\n') || startsWith(head, 'A\n', 5))
      return RDS_TEXT.test(Buffer.from(head.subarray(0, 200)).toString('latin1'));
    const at = startsWith(head, 'RDX') || startsWith(head, 'RDA') || startsWith(head, 'RDB') ? 5 : 0;
    const [version, zeros] = startsWith(head, 'X\n', at)
      ? [head[at + 5], [at + 2, at + 3, at + 4]]
      : [head[at + 2], [at + 3, at + 4, at + 5]];
    if (!startsWith(head, 'X\n', at) && !startsWith(head, 'B\n', at)) return false;
    return (version ?? 0) > 0 && (version ?? 0) < 10 && zeros.every((place) => head[place] === 0);
  },
};
/** Torch7's binary serialization: a type tag of 1 to 8, an index, and for objects a version string. */
export const TORCH7 = magicFormat(
  'torch7',
  'Torch7 object',
  ['.t7', '.net'],
  [
    [
      [0, [4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]],
      [12, 'V 1'],
    ],
    [
      [0, [3, 0, 0, 0, 1, 0, 0, 0]],
      [9, [0, 0, 0]],
    ],
  ],
);

/** A TensorFlow checkpoint's index: a table of LevelDB, told by the last eight bytes. */
export const TENSOR_BUNDLE: Format = {
  id: 'tensorbundle',
  title: 'TensorFlow checkpoint index',
  extensions: ['.index'],
  identify: ({ tail }) => startsWith(tail, [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], tail.length - 8),
};

/** The values that an index names: raw bytes, told by the name that TensorFlow gives them. */
export const TENSOR_SHARD: Format = {
  id: 'tensorbundle-data',
  title: 'TensorFlow checkpoint values',
  extensions: [],
  identify: () => false,
};

/** The weights of a model of TensorFlow.js: numbers, told by the name that its converter gives them. */
export const TFJS_WEIGHTS: Format = {
  id: 'tfjs-weights',
  title: 'TensorFlow.js weights',
  extensions: [],
  identify: () => false,
};

export function isTfjsWeights(path: string): boolean {
  return /(?:^|[/!])group\d+-shard\d+of\d+(?:\.bin)?$/.test(path);
}

/** A compiled model of Core ML, whose form is not published: told by the names that its compiler gives the files. */
export const COREML_COMPILED: Format = {
  id: 'coreml-compiled',
  title: 'part of a compiled Core ML model',
  extensions: [],
  identify: () => false,
};

export function isCompiledCoreml(path: string): boolean {
  return /\.mlmodelc\/(?:.*\/)?(?:coremldata\.bin|model\.espresso\.weights)$/.test(path);
}

export function isTensorShard(path: string): boolean {
  return /\.data-\d{5}-of-\d{5}$/.test(path);
}

/** Bytes of the header, and of what describes a blob. */
const MIL_UNIT = 64;
const MIL_SENTINEL = [0xef, 0xbe, 0xad, 0xde];

/**
 * The weights beside a Core ML program: a header of blob count, version 2 and zeros, then each blob behind its description.
 * The count may look like the start of an LZMA stream; by the zeros after it, such a stream would be empty.
 */
export const COREML_WEIGHTS: Format = {
  id: 'coreml-weights',
  title: 'Core ML weights',
  extensions: [],
  identify: ({ head }) =>
    head.length >= 2 * MIL_UNIT &&
    u32le(head, 0) > 0 &&
    u32le(head, 4) === 2 &&
    head.subarray(8, MIL_UNIT).every((byte) => byte === 0) &&
    startsWith(head, MIL_SENTINEL, MIL_UNIT),
};

/** Length, masked CRC-32C of the length, data, CRC of the data: TensorBoard logs and data sets. */
export const TFRECORD: Format = {
  id: 'tfrecord',
  title: 'TensorFlow records (TensorBoard log)',
  extensions: ['.tfrecord', '.tfrecords'],
  identify: ({ head, size }) =>
    size >= 16 &&
    u32le(head, 4) === 0 &&
    u32le(head, 0) <= size - 16 &&
    u32le(head, 8) === maskedCrc(head.subarray(0, 8)),
};

/** Flax writes parameters so: maps with text keys, arrays as extension types. */
export const MSGPACK: Format = {
  id: 'msgpack',
  title: 'MessagePack (Flax)',
  extensions: ['.msgpack'],
  identify: (probe: Probe) => looksLikeMsgpack(probe),
};

/** One tensor as Paddle stores it: two versions and a nesting level, all zero, then a small description. */
export const PADDLE_TENSORS = magicFormat(
  'paddle-tensors',
  'Paddle parameters',
  ['.pdiparams'],
  [
    [
      [0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
      [20, [0x08]],
    ],
  ],
  ({ head }) => {
    const length = u32le(head, 16);
    return length >= 2 && length < 256 && (head[21] ?? 0xff) < 32 && (length === 2 || head[22] === 0x10);
  },
);
