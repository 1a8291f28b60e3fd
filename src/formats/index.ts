export { isBlank } from './blank.ts';
export { ByteReader } from './byte-reader.ts';
export {
  ARROW,
  CATBOOST,
  COREML_WEIGHTS,
  EXECUTORCH,
  MSGPACK,
  ORT,
  PADDLE_TENSORS,
  PARQUET,
  RDS,
  TENSOR_BUNDLE,
  TENSOR_SHARD,
  TENSORRT,
  TFJS_WEIGHTS,
  TFLITE,
  TORCH7,
  UBJSON,
  XGBOOST_BINARY,
} from './data-files.ts';
export { extensionOf } from './extension.ts';
export { type Format, startsWith } from './format.ts';
export { GGUF, type GgufHeader, ggmlTypeName, readGguf } from './gguf.ts';
export { HDF5, readSuperblock } from './hdf5/index.ts';
export { extensionLie, identifyFormat, isTextKind, probeNow, probeOf, refineText, UNKNOWN } from './identify.ts';
export { LFS_POINTER, parseLfsPointer } from './lfs-pointer.ts';
export { FORMATS } from './list.ts';
export { u32le } from './magic.ts';
export { escapes, isDeceptive, linkEscapes, printableName, safeName } from './names.ts';
export { APE, ELF, MACH_O, PE } from './native.ts';
export { isForReaders } from './reader-names.ts';
export { readSafetensors, SAFETENSORS, type SafetensorsEntry, type SafetensorsFault } from './safetensors.ts';
export {
  controlAt,
  type Encoding,
  LIGHTGBM,
  MIL_TEXT,
  newDecoder,
  OPENVINO,
  TF_CHECKPOINT_STATE,
  textHead,
} from './text.ts';
