export {
  type Codec,
  type DecodeEnd,
  type DecodeOptions,
  decode,
  isCodec,
  judgeProblems,
  streamProblems,
} from './decode.ts';
export { type Expanded, expandStream } from './expand.ts';
export { BZIP2, COMPRESSED, GZIP, JOBLIB_ZF, LZ4, LZMA, XZ, ZF_HEADER, ZLIB, ZSTD } from './formats.ts';
