import { AssayError } from '../../core/index.ts';
import { TENSOR_BUNDLE, TENSOR_SHARD, TF_CHECKPOINT_STATE, TFJS_WEIGHTS, TFLITE } from '../../formats/index.ts';
import { TF_FINGERPRINT, TF_GRAPH, TF_META_GRAPH, TF_SAVED_MODEL } from '../../formats/protobuf/index.ts';
import type { TfRoot } from '../../formats/tensorflow/walk/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { TENSORFLOW_RULES } from './rules.ts';

const ROOTS: ReadonlyMap<string, TfRoot> = new Map([
  [TF_SAVED_MODEL.id, 'SavedModel'],
  [TF_META_GRAPH.id, 'MetaGraphDef'],
  [TF_GRAPH.id, 'GraphDef'],
  [TF_FINGERPRINT.id, 'FingerprintDef'],
]);

const UNPLACED = 'has the name of values of variables, and no file of the artifact says that it holds them';

/** Judges the operators of TensorFlow's graphs, wherever they stand in a file. */
export const tensorflowScanner: Scanner = {
  id: 'tensorflow',
  formats: [...ROOTS.keys()],
  rules: TENSORFLOW_RULES,
  async scanFile(target, context) {
    const root = ROOTS.get(target.format.id);
    if (root === undefined) throw new AssayError('internal', `no message of TensorFlow for format ${target.format.id}`);
    const { scanTensorflow } = await import('./judge/index.ts');
    await scanTensorflow(target, context, root);
  },
};

/** Judges a checkpoint: its index, its values, and the text that names the latest one. */
export const checkpointScanner: Scanner = {
  id: 'tensorflow-checkpoint',
  formats: [TENSOR_BUNDLE.id, TENSOR_SHARD.id, TFJS_WEIGHTS.id, TF_CHECKPOINT_STATE.id],
  rules: [],
  async scanFile(target, context) {
    const { source, format } = target;
    if (format.id === TENSOR_SHARD.id || format.id === TFJS_WEIGHTS.id) {
      context.cover(0, source.size, 'opaque', 'numbers of variables');
      // Only the name says so, until the file that places them is read. In an archive, nothing is loaded by its place.
      if (target.member === undefined) context.incomplete(UNPLACED);
      return;
    }
    const { scanBundle, scanCheckpointState } = await import('./judge/index.ts');
    await (format.id === TENSOR_BUNDLE.id ? scanBundle : scanCheckpointState)(target, context);
  },
};

/** Judges the operators of a model of TensorFlow Lite. */
export const liteScanner: Scanner = {
  id: 'tensorflow-lite',
  formats: [TFLITE.id],
  rules: [],
  async scanFile(target, context) {
    const { scanLite } = await import('./judge/index.ts');
    await scanLite(target, context);
  },
};
