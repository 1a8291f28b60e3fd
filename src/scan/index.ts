import { compressedScanner } from './compressed.ts';
import { ggufScanner } from './gguf.ts';
import { hdf5Scanner } from './hdf5.ts';
import { joblibZfScanner } from './joblib-zf.ts';
import { lfsPointerScanner } from './lfs-pointer.ts';
import { nativeScanner } from './native.ts';
import { nativeModelScanner } from './native-models.ts';
import { npyScanner } from './npy.ts';
import { pickleScanner } from './pickle/scan-pickle.ts';
import { plainMediaScanner } from './plain-media.ts';
import { plainTextScanner } from './plain-text.ts';
import { protoModelScanner } from './proto-models.ts';
import { safetensorsScanner } from './safetensors.ts';
import type { Scanner } from './scanner.ts';
import { sevenZipScanner } from './sevenzip.ts';
import { tarScanner } from './tar.ts';
import { unjudgedScanner, unknownScanner } from './unjudged.ts';
import { zipScanner } from './zip.ts';

/** Every scanner. Adding one is a line here. */
export const SCANNERS: readonly Scanner[] = [
  pickleScanner,
  zipScanner,
  tarScanner,
  compressedScanner,
  joblibZfScanner,
  sevenZipScanner,
  npyScanner,
  safetensorsScanner,
  ggufScanner,
  hdf5Scanner,
  protoModelScanner,
  nativeModelScanner,
  nativeScanner,
  plainTextScanner,
  plainMediaScanner,
  lfsPointerScanner,
  unjudgedScanner,
  unknownScanner,
];
