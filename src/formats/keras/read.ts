import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { Hdf5File, type Hdf5Object } from '../hdf5/index.ts';
import { type KerasRecord, kerasKey, parseKerasJson } from './json.ts';
import { refuseCode } from './object.ts';
import { type KerasWeights, type WeightOptions, WeightReader } from './weights.ts';

/** A model as its file describes it: nothing of it is made. */
export interface KerasFile {
  /** The class of the model, and what it is given; checked to hold no code. */
  readonly model: KerasRecord;
  /** The version of Keras that wrote it, such as `2.15.0` or `2.2.4-tf`. */
  readonly version: string;
  readonly weights: KerasWeights;
}

/** The members of a `.keras` file that are read. */
export interface KerasParts {
  /** `config.json` and `metadata.json`. */
  readonly config: Uint8Array;
  readonly metadata: Uint8Array;
  /** `model.weights.h5`, not compressed. */
  readonly weights: ByteSource;
}

const WHOLE = 'save the whole model: model.save("model.keras")';
/** Libraries whose kernels are those of TensorFlow; Theano turned them around. */
const BACKENDS: ReadonlySet<string> = new Set(['tensorflow', 'jax', 'torch', 'numpy', 'openvino']);

/**
 * Reads a `.h5` file of Keras 2 or 3.
 * @throws AssayError `unsupported` for a file without an architecture, with code, or of Keras 1; `malformed`, `truncated`, `limit`
 */
export async function readKerasH5(source: ByteSource, options: WeightOptions): Promise<KerasFile> {
  const file = await Hdf5File.open(source, options);
  const root = await file.root();
  const config = await textOf(file, root, 'model_config');
  if (config === undefined) throw noModel(root, file.name);
  const groups = await file.find(['model_weights']);
  const version = (await textOf(file, root, 'keras_version')) ?? (await textOf(file, groups, 'keras_version'));
  const backend = (await textOf(file, root, 'backend')) ?? (await textOf(file, groups, 'backend')) ?? 'tensorflow';
  if (!BACKENDS.has(backend))
    throw new AssayError(
      'unsupported',
      `the weights are those of the backend ${JSON.stringify(backend.slice(0, 40))}`,
      {
        subject: file.name,
      },
    );
  const model = parseKerasJson(new TextEncoder().encode(config), `${source.name} model_config`, options.budget);
  refuseCode(model, source.name);
  const weights = await new WeightReader(file, options).byLayer();
  return { model, version: checkedVersion(version, source.name), weights };
}

/**
 * Reads the parts of a `.keras` file.
 * @throws AssayError as `readKerasH5` does
 */
export async function readKerasArchive(parts: KerasParts, name: string, options: WeightOptions): Promise<KerasFile> {
  const version = kerasKey(parseKerasJson(parts.metadata, `${name}!metadata.json`, options.budget), 'keras_version');
  const model = parseKerasJson(parts.config, `${name}!config.json`, options.budget);
  refuseCode(model, name);
  const file = await Hdf5File.open(parts.weights, options);
  const weights = await new WeightReader(file, options).byPath();
  return { model, version: checkedVersion(typeof version === 'string' ? version : undefined, name), weights };
}

async function textOf(file: Hdf5File, object: Hdf5Object | undefined, name: string): Promise<string | undefined> {
  const attribute = object?.attributes.get(name);
  if (attribute === undefined) return undefined;
  const [text, ...others] = await file.texts(attribute);
  if (text === undefined || others.length > 0)
    throw new AssayError('malformed', `the attribute ${name} is not one text`, { subject: file.name });
  return text;
}

function noModel(root: Hdf5Object, subject: string): AssayError {
  const isWeights =
    ['layer_names', 'layer_names0'].some((name) => root.attributes.has(name)) ||
    ['layers', '_layer_checkpoint_dependencies', 'vars'].some((name) => root.links.has(name));
  if (!isWeights) return new AssayError('unsupported', 'is an HDF5 file without a model of Keras', { subject });
  const message = 'holds weights without an architecture, which is in the code that made them';
  return new AssayError('unsupported', message, { subject, hint: WHOLE });
}

/** Keras before 2 had other layers, and kernels in another order. */
function checkedVersion(version: string | undefined, subject: string): string {
  if (version !== undefined && /^[23]\./.test(version)) return version;
  const shown = version === undefined ? 'does not name its version of Keras' : `is of Keras ${version.slice(0, 20)}`;
  throw new AssayError('unsupported', `${shown}; 2 and 3 are read`, {
    subject,
    hint: 'load it with the version that wrote it, and save it with Keras 2 or 3',
  });
}
