import { compressedScanner } from './containers/compressed.ts';
import { sevenZipScanner } from './containers/sevenzip.ts';
import { tarScanner } from './containers/tar.ts';
import { lfsPointerScanner } from './lfs-pointer.ts';
import { ggufScanner } from './models/gguf.ts';
import { hdf5Scanner } from './models/hdf5.ts';
import { joblibZfScanner } from './models/joblib-zf.ts';
import { nativeModelScanner } from './models/native-models.ts';
import { npyScanner } from './models/npy.ts';
import { protoModelScanner } from './models/proto-models.ts';
import { safetensorsScanner } from './models/safetensors.ts';
import { nativeScanner } from './native.ts';
import { pickleScanner } from './pickle/scan-pickle.ts';
import { plainMediaScanner } from './plain-media.ts';
import type { Scanner } from './scanner.ts';
import { plainTextScanner } from './text/plain-text.ts';
import { unjudgedScanner, unknownScanner } from './unjudged.ts';
import { zipScanner } from './zip/zip.ts';

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
