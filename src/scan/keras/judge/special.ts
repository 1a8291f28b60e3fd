import { isNull, type KerasNode, textsUnder, valuesUnder } from './document.ts';
import { inQuotes } from './findings.ts';
import type { Walk } from './walk.ts';

type Judge = (judge: Walk, node: KerasNode, path: string) => void;

/** Names that loaders of Keras give a meaning of their own, which is not that of a class. */
export const SPECIAL: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['__lambda__', judgeCode],
  ['Lambda', judgeLambda],
  ['__typespec__', judgeTypeSpec],
  ['TypeSpec', judgeTypeSpec],
  ['CompositeTensor', walkConfig],
  ['TFOpLambda', judgeOperation],
  ['SlicingOpLambda', judgeOperation],
  ['ClassMethod', judgeMethod],
  ['InstanceMethod', judgeMethod],
  ['InstanceProperty', judgeMethod],
  ['TensorFlowOpLayer', judgeGraphOperation],
  ...['__tensor__', '__numpy__', '__bytes__', '__ellipsis__', '__slice__', '__tuple__', '__keras_tensor__'].map(
    (name): [string, Judge] => [name, walkConfig],
  ),
  ['TensorShape', walkConfig],
  ['InputSpec', walkConfig],
]);

/** What plain values hold: numbers, and objects in odd places. */
function walkConfig(judge: Walk, node: KerasNode, path: string): void {
  for (const key of ['config', 'items', 'value', 'spec', 'tensors', 'serialized'])
    for (const value of valuesUnder(node, key)) judge.walk(value, undefined, path);
}

const CODE_RUNS =
  'Keras 2 and tf.keras run it from .h5 files in every mode, and Keras 3 before 3.11.3 too; Keras 3 refuses it in .keras files unless safe_mode is off';

function judgeCode(judge: Walk, node: KerasNode, path: string): void {
  judge.noteKeras(node);
  const [code] = valuesUnder(node, 'config').flatMap((config) => [
    ...textsUnder(config, 'code'),
    ...textsUnder(config, 'value'),
  ]);
  judge.findings.add('code', '__lambda__', `${path} holds marshalled Python code. ${CODE_RUNS}.`, code);
}

/** A layer that calls a function: marshalled code, or one that a program has to give. */
function judgeLambda(judge: Walk, node: KerasNode, path: string): void {
  judge.noteKeras(node);
  let named = false;
  for (const config of valuesUnder(node, 'config')) {
    for (const key of ['function', 'output_shape', 'mask'])
      for (const value of valuesUnder(config, key)) named = judgeHeld(judge, config, key, value, path) || named;
    for (const value of valuesUnder(config, 'arguments')) judge.walk(value, undefined, path);
    for (const key of ['module', 'output_shape_module', 'mask_module'])
      for (const module of textsUnder(config, key)) judgeGlobals(judge, module, path);
  }
  if (!named)
    judge.findings.add(
      'unlisted',
      'Lambda',
      `${path} is a Lambda layer whose function is not one that Assay can read.`,
    );
}

/** @returns whether it is a function that was judged, or a value that is not one */
function judgeHeld(judge: Walk, config: KerasNode, key: string, value: KerasNode, path: string): boolean {
  const types = textsUnder(config, `${key}_type`);
  const isFunction = key === 'function';
  if (isNull(value)) return false;
  // Loaders of `.h5` files make a tuple of it.
  const [tuple] = textsUnder(value, 'class_name').includes('__tuple__') ? valuesUnder(value, 'items') : [];
  if (tuple !== undefined) return judgeHeld(judge, config, key, tuple, path);
  if (value.kind === 'object') {
    judge.walk(value, undefined, `${path}.${key}`);
    const names = textsUnder(value, 'class_name');
    if (isFunction && names.some((name) => name !== '__lambda__'))
      judge.findings.add(
        'custom',
        'Lambda',
        `${path} is a Lambda layer: it calls a function that the program that loads the model has to give.`,
      );
    return isFunction;
  }
  // `[code, defaults, closure]`, as Keras 2 writes a Python lambda.
  const isCode = value.kind === 'list' && value.items[0]?.kind === 'text';
  if (isCode || types.includes('lambda')) {
    const [first] = value.kind === 'list' ? value.items : [value];
    judge.findings.add(
      'code',
      'Lambda',
      `${path} is a Lambda layer with marshalled Python code in ${key}. ${CODE_RUNS}.`,
      first?.kind === 'text' ? first.text : undefined,
    );
    return true;
  }
  if (value.kind === 'text') {
    if (judge.lists.dangers.functions.has(value.text))
      judge.findings.add(
        'dangerous',
        value.text,
        `${path} is a Lambda layer that calls ${inQuotes(value.text)}, which does more than compute.`,
      );
    judge.findings.add(
      'custom',
      `Lambda ${value.text}`,
      `${path} is a Lambda layer with the function ${inQuotes(value.text)}, which the program that loads the model has to give.`,
    );
    return true;
  }
  return !isFunction;
}

/** Keras 2 gives the code the names of a module that is loaded. */
function judgeGlobals(judge: Walk, module: string, path: string): void {
  if (judge.context.globals.standing({ module, name: '*', mapped: false }).kind !== 'dangerous') return;
  judge.findings.add(
    'dangerous',
    module,
    `${path} is a Lambda layer that is given all names of the module ${inQuotes(module)}.`,
  );
}

/** Types of tensors that Keras writes for inputs. */
const SPECS = /^(?:tf\.)?(?:TensorSpec|RaggedTensorSpec|SparseTensorSpec|IndexedSlicesSpec|NoneTensorSpec)$/;
const SPEC_MODULES =
  /^tensorflow(?:\.python\.(?:framework\.(?:tensor|tensor_spec|sparse_tensor|indexed_slices)|ops\.ragged\.ragged_tensor))?$/;

function judgeTypeSpec(judge: Walk, node: KerasNode, path: string): void {
  walkConfig(judge, node, path);
  const names = [...textsUnder(node, 'spec_name'), ...textsUnder(node, 'type_spec')];
  const modules = textsUnder(node, 'module');
  const known =
    names.length > 0 && names.every((name) => SPECS.test(name)) && modules.every((module) => SPEC_MODULES.test(module));
  if (known) return;
  const full = [...modules, ...names].join('.').slice(0, 200);
  const dangerous = modules.some(
    (module) => judge.context.globals.standing({ module, name: names[0] ?? '', mapped: false }).kind === 'dangerous',
  );
  judge.findings.add(
    dangerous ? 'dangerous' : 'unlisted',
    full,
    `${path} names ${inQuotes(full)} as the type of a tensor: Keras 2 imports that module and calls what it finds there.`,
  );
}

/** `TFOpLambda`: a call of a function of TensorFlow, by its exported name. */
function judgeOperation(judge: Walk, node: KerasNode, path: string): void {
  judge.noteKeras(node);
  const names = valuesUnder(node, 'config').flatMap((config) => textsUnder(config, 'function'));
  if (names.length === 0)
    judge.findings.add('structure', path, `${path} is an operation of TensorFlow without a name.`);
  for (const name of names) {
    if (judge.lists.operations.has(name)) continue;
    const danger =
      judge.lists.dangers.operations.get(name) ?? judge.lists.dangers.operations.get(name.split('.')[0] ?? '');
    if (danger === undefined)
      judge.findings.add(
        'unlisted',
        `tf.${name}`,
        `${path} calls tf.${name.slice(0, 80)}, which is not known to only compute.`,
      );
    else
      judge.findings.add(
        'dangerous',
        `tf.${name}`,
        `${path} calls tf.${name.slice(0, 80)}, which ${danger}. Keras 2 calls it in every mode when it builds the model.`,
      );
  }
}

const READS: ReadonlySet<string> = new Set([
  ...[
    'shape',
    'dtype',
    'rank',
    'values',
    'row_splits',
    'flat_values',
    'nested_row_splits',
    'indices',
    'dense_shape',
    'uniform_row_length',
  ],
  ...[
    'ragged_rank',
    'to_tensor',
    'with_values',
    'with_flat_values',
    'row_lengths',
    'nrows',
    'bounding_shape',
    'value_rowids',
    'row_starts',
  ],
]);

/** A method or an attribute, by its name: of a tensor, or of a class of TensorFlow. */
function judgeMethod(judge: Walk, node: KerasNode, path: string): void {
  judge.noteKeras(node);
  for (const config of valuesUnder(node, 'config')) {
    for (const symbol of textsUnder(config, 'cls_symbol'))
      judge.findings.add(
        'unlisted',
        symbol,
        `${path} calls a method of tf.${symbol.slice(0, 80)}, which is not known to only compute.`,
      );
    for (const name of [...textsUnder(config, 'attr_name'), ...textsUnder(config, 'method_name')])
      if (!READS.has(name))
        judge.findings.add(
          'unlisted',
          `.${name}`,
          `${path} reads the attribute ${inQuotes(name)} of a tensor, which is not known to only compute.`,
        );
  }
}

const GRAPH_OPERATIONS: ReadonlySet<string> = new Set(
  `Abs Add AddN AddV2 All Any ArgMax ArgMin BatchMatMul BatchMatMulV2 BiasAdd BroadcastTo Cast Ceil ClipByValue Concat ConcatV2 Const Conv2D Cos
Cumsum DepthToSpace Div Elu Equal Erf Exp ExpandDims Fill Floor FloorDiv FloorMod Gather GatherNd GatherV2 Greater GreaterEqual Identity Less
LessEqual Log LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool Maximum Mean Min Minimum Mul Neg NotEqual OneHot OnesLike Pack Pad PadV2 Pow Prod
Range Rank RealDiv Reciprocal Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt Select SelectV2 Shape Sigmoid Sign
Sin Slice Softmax Softplus SpaceToDepth Split SplitV Sqrt Square SquaredDifference Squeeze StopGradient StridedSlice Sub Sum Tanh Tile TopKV2
Transpose Unpack Where ZerosLike`.split(/\s+/),
);

/** `TensorFlowOpLayer` of TensorFlow 1: a node of a graph. */
function judgeGraphOperation(judge: Walk, node: KerasNode, path: string): void {
  judge.noteKeras(node);
  const definitions = valuesUnder(node, 'config').flatMap((config) => valuesUnder(config, 'node_def'));
  const names = definitions.flatMap((one) =>
    one.kind === 'text'
      ? [...one.text.matchAll(/"op"\s*:\s*"([^"\\]{1,80})"|\bop\s*:\s*"([^"\\]{1,80})"/g)].map(
          (found) => found[1] ?? found[2] ?? '',
        )
      : textsUnder(one, 'op'),
  );
  if (names.length === 0)
    judge.findings.add(
      'unlisted',
      'TensorFlowOpLayer',
      `${path} is an operation of TensorFlow that Assay cannot name.`,
    );
  for (const name of names) {
    if (GRAPH_OPERATIONS.has(name)) continue;
    const acts = judge.lists.dangers.graphOperations.has(name);
    judge.findings.add(
      acts ? 'dangerous' : 'unlisted',
      name,
      `${path} runs the operation ${inQuotes(name)} of TensorFlow, which ${acts ? 'reads or writes files, or calls Python: Keras 2 runs it in every mode' : 'is not known to only compute'}.`,
    );
  }
  for (const config of valuesUnder(node, 'config'))
    for (const value of valuesUnder(config, 'constants')) judge.walk(value, undefined, path);
}
