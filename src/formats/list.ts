import { BZIP2, GZIP, JOBLIB_ZF, LZ4, LZMA, XZ, ZLIB, ZSTD } from './compressed/index.ts';
import {
  ARROW,
  CATBOOST,
  COREML_WEIGHTS,
  EXECUTORCH,
  GGML,
  MATLAB,
  MLIR,
  MSGPACK,
  ORT,
  PADDLE_TENSORS,
  PARQUET,
  RDS,
  SQLITE,
  TENSOR_BUNDLE,
  TENSOR_SHARD,
  TENSORRT,
  TFLITE,
  TFRECORD,
  TORCH7,
  UBJSON,
  XGBOOST_BINARY,
} from './data-files.ts';
import type { Format } from './format.ts';
import { GGUF } from './gguf.ts';
import { HDF5 } from './hdf5/index.ts';
import { JSON_DOCUMENT, JSON_LINES, XGBOOST_JSON } from './json/index.ts';
import { LFS_POINTER } from './lfs-pointer.ts';
import { LATE_MEDIA, MEDIA } from './media/index.ts';
import { APE, ELF, JAVA_CLASS, LUA, MACH_O, PE, PYC, WASM } from './native.ts';
import { NPY } from './npy/index.ts';
import { PICKLE, UNMARKED_PICKLE } from './pickle/index.ts';
import {
  COREML,
  ONNX,
  PADDLE_PROGRAM,
  SENTENCEPIECE,
  TF_GRAPH,
  TF_KERAS_METADATA,
  TF_META_GRAPH,
  TF_SAVED_MODEL,
} from './protobuf/index.ts';
import { SAFETENSORS } from './safetensors.ts';
import { SETTINGS } from './settings/index.ts';
import { SEVEN_ZIP } from './sevenzip/index.ts';
import { SOURCE_CODE } from './source/index.ts';
import { TAR } from './tar/index.ts';
import {
  CSV,
  EMPTY,
  HTML,
  JAVASCRIPT,
  JINJA,
  LIGHTGBM,
  MARKDOWN,
  OPENVINO,
  PMML,
  PYTHON,
  SHELL,
  SVG,
  TEXT,
  TORCH7_ASCII,
  XML,
  YAML,
} from './text.ts';
import { ZIP } from './zip/index.ts';

/** Every format, in the order they are asked: the strictest magic first, text last. Adding one is a line here. */
export const FORMATS: readonly Format[] = [
  EMPTY,
  // Also identified by its end: any bytes may precede an archive.
  ZIP,
  // Told by their first bytes.
  JOBLIB_ZF,
  GZIP,
  BZIP2,
  XZ,
  ZSTD,
  LZ4,
  SEVEN_ZIP,
  NPY,
  SAFETENSORS,
  PICKLE,
  GGUF,
  ...MEDIA,
  ELF,
  MACH_O,
  JAVA_CLASS,
  APE,
  PE,
  WASM,
  LUA,
  GGML,
  TENSORRT,
  CATBOOST,
  UBJSON,
  XGBOOST_BINARY,
  PARQUET,
  ARROW,
  SQLITE,
  MATLAB,
  MLIR,
  RDS,
  TORCH7,
  COREML_WEIGHTS,
  UNMARKED_PICKLE,
  TAR,
  ZLIB,
  LZMA,
  // The following formats are identified by later bytes, which may also be those of a pickle.
  HDF5,
  TFLITE,
  EXECUTORCH,
  ORT,
  ...LATE_MEDIA,
  PYC,
  TFRECORD,
  PADDLE_TENSORS,
  TF_SAVED_MODEL,
  ONNX,
  TF_KERAS_METADATA,
  TF_META_GRAPH,
  TF_GRAPH,
  COREML,
  PADDLE_PROGRAM,
  SENTENCEPIECE,
  TENSOR_BUNDLE,
  TENSOR_SHARD,
  MSGPACK,
  // Text formats, the most specific first. The formats after `text` are never identified by content: `refineText` chooses them.
  LFS_POINTER,
  XGBOOST_JSON,
  JSON_LINES,
  JSON_DOCUMENT,
  JINJA,
  OPENVINO,
  PMML,
  SVG,
  HTML,
  XML,
  LIGHTGBM,
  TORCH7_ASCII,
  YAML,
  SHELL,
  PYTHON,
  TEXT,
  MARKDOWN,
  CSV,
  JAVASCRIPT,
  SETTINGS,
  SOURCE_CODE,
];
