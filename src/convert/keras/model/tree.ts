import { AssayError } from '../../../core/index.ts';
import {
  isList,
  isRecord,
  type KerasJson,
  type KerasObject,
  type KerasRecord,
  kerasKey,
  kerasObject,
} from '../../../formats/keras/index.ts';
import { Layer, type LayerContext } from './layer.ts';
import { type CallStyle, type LayerCall, ReferenceReader, type TensorReference } from './references.ts';

/** Where a model takes an input. */
export interface InputSlot {
  readonly kind: 'input';
  readonly className: string;
  readonly name: string;
  /** The shape with the batch, whose unknown sizes are `undefined`; absent where the file does not contain it. */
  readonly shape: readonly (number | undefined)[] | undefined;
  readonly type: string;
}

export interface LayerPart {
  readonly kind: 'layer';
  readonly className: string;
  readonly name: string;
  readonly layer: Layer;
}

/** A layer, an input, or a model within a model. */
export type ModelPart = InputSlot | LayerPart | Model;

/** A model as its configuration describes it: nothing of it is made. */
export interface Model {
  readonly kind: 'model';
  readonly className: string;
  readonly name: string;
  readonly trainable: boolean;
  readonly isSequential: boolean;
  /** In the order of the file, which is the one of the weights. */
  readonly parts: readonly ModelPart[];
  /** Of one that is not sequential. */
  readonly calls: ReadonlyMap<string, readonly LayerCall[]>;
  readonly style: CallStyle;
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
}

const MODELS: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);
const INPUTS: ReadonlySet<string> = new Set(['InputLayer']);
/** Keys of a model that do not say what it computes. */
const PASSED: ReadonlySet<string> = new Set([
  'name',
  'trainable',
  'dtype',
  'build_input_shape',
  'batch_input_shape',
  'layers',
  'input_layers',
  'output_layers',
]);
/** The operation that makes a mask of words. */
const KNOWN_OPERATIONS: ReadonlySet<string> = new Set(['NotEqual']);
/** Operations of the library, which are not layers although some have the name of one. */
const OPERATIONS = /^keras\.(?:src\.)?(?:ops|backend)(?:\.|$)/;

/** @throws AssayError `unsupported` for a class that is not converted, `malformed` */
export function kerasModel(object: KerasObject, context: LayerContext, where = 'model'): Model {
  const { className, config } = object;
  const broken = (what: string) => new AssayError('malformed', `${where} ${what}`, { subject: context.subject });
  if (!MODELS.has(className)) {
    const message = `${where} is of the class ${className.slice(0, 80)}, which has code that is not in the file`;
    throw new AssayError('unsupported', message, { subject: context.subject, hint: HINT });
  }
  if (where === 'model') refuseShared(config, context);
  const odd = Object.keys(config).find((key) => !PASSED.has(key) && config[key] !== null);
  if (odd !== undefined) throw unknownSetting(where, odd, context);
  checkModelType(config, where, context);
  const isSequential = className === 'Sequential';
  const listed = kerasKey(config, 'layers');
  if (!isList(listed) || listed.length === 0) throw broken('has no layers');
  const parts: ModelPart[] = [];
  const calls = new Map<string, readonly LayerCall[]>();
  let style: CallStyle = 'lists';
  for (const [index, value] of listed.entries()) {
    const at = `${where}.layers[${index}]`;
    const one = kerasObject(value, at, context.subject);
    const part = partOf(one, context, at);
    if (calls.has(part.name)) throw broken(`has two layers of the name ${JSON.stringify(part.name.slice(0, 80))}`);
    const reader = new ReferenceReader(at, context.subject);
    const found = reader.calls(kerasKey(one.beside, 'inbound_nodes'));
    if (found.calls.length > 0) style = found.style;
    calls.set(part.name, found.calls);
    parts.push(part);
  }
  const reader = new ReferenceReader(where, context.subject);
  return {
    kind: 'model',
    className,
    name: textOr(config, 'name', className),
    trainable: kerasKey(config, 'trainable') !== false,
    isSequential,
    parts: isSequential ? withInput(parts, config, listed, context) : parts,
    calls,
    style,
    inputs: isSequential ? [] : reader.ends(kerasKey(config, 'input_layers')),
    outputs: isSequential ? [] : reader.ends(kerasKey(config, 'output_layers')),
  };
}

const HINT = 'convert it where its code is, or build the model of layers of Keras';

function partOf(object: KerasObject, context: LayerContext, where: string): ModelPart {
  const { className, config, beside } = object;
  // The name beside the configuration is the one that references use.
  const name = textOr(beside, 'name', textOr(config, 'name', ''));
  if (name === '') throw new AssayError('malformed', `${where} has no name`, { subject: context.subject });
  const module = kerasKey(beside, 'module');
  if (typeof module === 'string' && OPERATIONS.test(module) && !KNOWN_OPERATIONS.has(className)) {
    const message = `${where} is the operation ${module.slice(0, 80)}.${className.slice(0, 80)}, which is not a layer`;
    throw new AssayError('unsupported', message, {
      subject: context.subject,
      hint: 'use a layer for it, such as Add or Rescaling',
    });
  }
  if (MODELS.has(className)) return { ...kerasModel(object, context, where), name };
  if (INPUTS.has(className)) return { ...inputOf(config, where, context), name };
  return { kind: 'layer', className, name, layer: new Layer({ ...object, config: { ...config, name } }, context) };
}

function inputOf(config: KerasRecord, where: string, context: LayerContext): Omit<InputSlot, 'name'> {
  for (const key of ['sparse', 'ragged', 'optional'])
    if (kerasKey(config, key) === true)
      throw new AssayError('unsupported', `${where} is an input that is ${key}`, { subject: context.subject });
  const shape = kerasKey(config, 'batch_shape') ?? kerasKey(config, 'batch_input_shape');
  return {
    kind: 'input',
    className: 'InputLayer',
    shape: shapeOf(shape, where, context),
    type: textOr(config, 'dtype', 'float32'),
  };
}

function shapeOf(
  value: KerasJson | undefined,
  where: string,
  context: LayerContext,
): readonly (number | undefined)[] | undefined {
  if (value === undefined || value === null) return undefined;
  const broken = new AssayError('malformed', `${where} has a shape that is not a list of sizes`, {
    subject: context.subject,
  });
  if (!isList(value) || value.length === 0) throw broken;
  return value.map((size) => {
    if (size === null) return undefined;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1 || size >= 2 ** 31) throw broken;
    return size;
  });
}

/** A Sequential that does not list its input: the shape stands in its first layer, or beside the layers. */
function withInput(
  parts: readonly ModelPart[],
  config: KerasRecord,
  listed: readonly KerasJson[],
  context: LayerContext,
): readonly ModelPart[] {
  const [first, ...others] = parts;
  if (others.some(({ kind }) => kind === 'input'))
    throw new AssayError('malformed', 'a Sequential has an input behind its first layer', { subject: context.subject });
  if (first === undefined || first.kind === 'input') return parts;
  const inner = isRecord(listed[0]) ? kerasKey(listed[0], 'config') : undefined;
  const own = isRecord(inner) ? (kerasKey(inner, 'batch_input_shape') ?? kerasKey(inner, 'batch_shape')) : undefined;
  const shape = shapeOf(own ?? kerasKey(config, 'build_input_shape'), first.name, context);
  const type = isRecord(inner) && own !== undefined && first.className === 'Embedding' ? 'int32' : 'float32';
  const name = context.keras === 2 ? `${first.name}_input` : 'input_layer';
  return [{ kind: 'input', className: 'InputLayer', name, shape, type }, ...parts];
}

/**
 * One layer in two places of a configuration is one object once it is loaded, with the weights of one place. Policies and
 * initializers may be shared.
 */
function refuseShared(config: KerasRecord, context: LayerContext): void {
  const known = new Set<KerasJson>();
  const open: KerasJson[] = [config];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isList(next)) open.push(...next);
    if (!isRecord(next)) continue;
    const [className, id] = [kerasKey(next, 'class_name'), kerasKey(next, 'shared_object_id')];
    const isLayer = typeof className === 'string' && (MODELS.has(className) || context.kindOf(className) !== undefined);
    if (isLayer && id !== undefined && id !== null) {
      if (known.has(id)) {
        const message = `a layer of the class ${className} stands in two places of the model`;
        const hint = 'save one of the models, or clone the layer';
        throw new AssayError('unsupported', message, { subject: context.subject, hint });
      }
      known.add(id);
    }
    open.push(...Object.values(next));
  }
}

function textOr(record: KerasRecord, key: string, fallback: string): string {
  const value = kerasKey(record, key);
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function checkModelType(config: KerasRecord, where: string, context: LayerContext): void {
  const dtype = kerasKey(config, 'dtype');
  if (dtype === undefined || dtype === null || dtype === 'float32') return;
  const inner = isRecord(dtype) ? kerasKey(dtype, 'config') : undefined;
  if (isRecord(inner) && kerasKey(inner, 'name') === 'float32') return;
  throw new AssayError('unsupported', `${where} does not compute in float32`, { subject: context.subject });
}

function unknownSetting(where: string, key: string, context: LayerContext): AssayError {
  const message = `${where} has the setting ${JSON.stringify(key.slice(0, 80))}, which is not known`;
  return new AssayError('unsupported', message, { subject: context.subject, hint: HINT });
}
