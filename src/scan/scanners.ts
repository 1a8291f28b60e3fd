import { compressedScanner, sevenZipScanner, tarScanner } from './containers/index.ts';
import { coremlScanner, coremlWeightsScanner, milTextScanner } from './coreml/index.ts';
import { distributedScanner } from './distributed/index.ts';
import { executorchScanner, mxnetScanner, paddleScanner, tensorrtScanner } from './graphs/index.ts';
import { hdf5Scanner } from './hdf5/index.ts';
import { kerasMetadataScanner } from './keras/index.ts';
import { lfsPointerScanner } from './lfs-pointer.ts';
import { ggufScanner, joblibZfScanner, npyScanner, safetensorsScanner } from './models/index.ts';
import { msgpackScanner } from './msgpack/index.ts';
import { nativeScanner } from './native.ts';
import { nativeModelScanner } from './native-models/index.ts';
import { onnxScanner, ortScanner } from './onnx/index.ts';
import { openvinoScanner } from './openvino/index.ts';
import { pickleScanner } from './pickle/index.ts';
import { plainMediaScanner } from './plain-media.ts';
import { pmmlScanner } from './pmml/index.ts';
import { rdsScanner } from './rds/index.ts';
import type { Scanner } from './scanner/index.ts';
import { tableScanner } from './tables/index.ts';
import { checkpointScanner, liteScanner, tensorflowScanner } from './tensorflow/index.ts';
import { plainTextScanner } from './text/index.ts';
import { torch7Scanner } from './torch7/index.ts';
import { unjudgedScanner, unknownScanner } from './unjudged.ts';
import { zipScanner } from './zip/index.ts';

/** Every scanner. Adding one is a line here. */
export const SCANNERS: readonly Scanner[] = [
  pickleScanner,
  distributedScanner,
  zipScanner,
  tarScanner,
  compressedScanner,
  joblibZfScanner,
  sevenZipScanner,
  npyScanner,
  safetensorsScanner,
  ggufScanner,
  hdf5Scanner,
  onnxScanner,
  ortScanner,
  kerasMetadataScanner,
  coremlScanner,
  coremlWeightsScanner,
  milTextScanner,
  openvinoScanner,
  paddleScanner,
  mxnetScanner,
  executorchScanner,
  tensorrtScanner,
  tensorflowScanner,
  checkpointScanner,
  liteScanner,
  nativeModelScanner,
  pmmlScanner,
  msgpackScanner,
  rdsScanner,
  torch7Scanner,
  nativeScanner,
  tableScanner,
  plainTextScanner,
  plainMediaScanner,
  lfsPointerScanner,
  unjudgedScanner,
  unknownScanner,
];
