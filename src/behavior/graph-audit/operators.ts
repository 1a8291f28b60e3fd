import type { DataType } from '../../formats/onnx/index.ts';
import type { FlatNode } from './flat-graph.ts';
import { STRUCTURE } from './flat-graph.ts';
import { isStandardSet } from './flatten.ts';

/** How an operator makes a value that jumps. */
export type SwitchKind =
  /** It answers a question: a comparison, an index, a class. */
  | 'predicate'
  /** It has steps: rounding, quantisation. */
  | 'steps'
  /** It saturates, on numbers that are an input's own. */
  | 'saturation'
  /** It multiplies by so much that what follows saturates. */
  | 'steep';

const PREDICATES: ReadonlySet<string> = new Set([
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'And', 'Or', 'Xor', 'IsNaN', 'IsInf'],
  ...['ArgMax', 'ArgMin', 'Hardmax', 'Sign', 'NonZero', 'Unique', 'NonMaxSuppression', 'ThresholdedRelu', 'Shrink'],
  ...['BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot', 'BitShift', 'OneHot', 'Multinomial', 'Bernoulli'],
  ...['RegexFullMatch', 'StringNormalizer', 'StringConcat', 'StringSplit', 'TfIdfVectorizer'],
]);
/** Logic of what is true or false already: its operands are the switches. */
export const LOGICAL: ReadonlySet<string> = new Set(['Not', 'And', 'Or', 'Xor']);
const STEPS: ReadonlySet<string> = new Set([
  ...['Floor', 'Ceil', 'Round', 'Mod', 'QuantizeLinear', 'DynamicQuantizeLinear'],
]);
/** Of the operators for classical models: those that look values up, or ask questions of them. */
const ML_PREDICATES: ReadonlySet<string> = new Set([
  ...['Binarizer', 'LabelEncoder', 'CategoryMapper', 'OneHotEncoder', 'Imputer', 'ZipMap'],
  ...['TreeEnsemble', 'TreeEnsembleClassifier', 'TreeEnsembleRegressor'],
]);
/** Of those, the ones of which the first result is a label, and the others are scores. */
const ML_CLASSIFIERS: ReadonlySet<string> = new Set(['LinearClassifier', 'SVMClassifier']);
/** Of the runtime's own set: those that look things up, choose or draw. */
const OTHER_PREDICATES: ReadonlySet<string> = new Set([
  ...['BeamSearch', 'BifurcationDetector', 'GreedySearch', 'IsAllFinite', 'MaxpoolWithMask', 'MurmurHash3'],
  ...['NGramRepeatBlock', 'Sampling', 'Tokenizer', 'Unique', 'WhisperBeamSearch'],
]);
/** Jumps on whole numbers. */
const WHOLE_STEPS: ReadonlySet<string> = new Set([
  ...['Abs', 'Clip', 'Div', 'Max', 'Min', 'Pow', 'ReduceMax', 'ReduceMin', 'Relu'],
]);
const SATURATIONS: ReadonlySet<string> = new Set([
  ...['Abs', 'Celu', 'Clip', 'Elu', 'Erf', 'Gelu', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'LogSoftmax', 'Max', 'Min'],
  ...['PRelu', 'Relu', 'Selu', 'Sigmoid', 'Softmax', 'Softplus', 'Softsign', 'Tanh', 'Mish', 'Swish'],
  ...['ReduceMax', 'ReduceMin', 'MaxPool', 'GlobalMaxPool'],
  ...['LayerNormalization', 'InstanceNormalization', 'GroupNormalization', 'RMSNormalization', 'LpNormalization'],
  ...['MeanVarianceNormalization', 'Normalizer', 'Reciprocal'],
]);
/** What leaves numbers as they are, moves them, or scales each by a constant. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['Add', 'Cast', 'CastLike', 'Compress', 'Concat', 'DepthToSpace', 'DequantizeLinear', 'Div', 'Dropout', 'Expand'],
  ...['Flatten', 'Gather', 'GatherElements', 'GatherND', 'Identity', 'Mean', 'Mul', 'Neg', 'Pad', 'ReduceMean'],
  ...[
    'ReduceSum',
    'Reshape',
    'Slice',
    'SpaceToDepth',
    'Split',
    'Squeeze',
    'Sub',
    'Sum',
    'Tile',
    'Transpose',
    'Unsqueeze',
  ],
  ...['ArrayFeatureExtractor', 'FeatureVectorizer', 'Scaler', 'Pow', 'Exp', 'Log', 'Sqrt', 'Sin', 'Cos', 'Where'],
]);
/** The operands that choose among the numbers of the others. */
const SELECTORS: Readonly<Record<string, readonly number[]>> = {
  Where: [0],
  Compress: [1],
  Gather: [1],
  GatherElements: [1],
  GatherND: [1],
  ArrayFeatureExtractor: [1],
  ScatterElements: [1],
  ScatterND: [1],
  Scatter: [1],
  Slice: [1, 2, 3, 4],
  TopK: [1],
  SequenceAt: [1],
  ReverseSequence: [1],
  OneHot: [0],
  Tile: [1],
  Pad: [1],
  MaxUnpool: [1],
  Trilu: [1],
  Split: [1],
  Dropout: [1, 2],
  Range: [0, 1, 2],
};
const STRUCTURE_SELECTORS: Readonly<Record<string, readonly number[]>> = { If: [0], Loop: [0, 1, 2] };
/** Results that are positions. */
const POSITIONS: Readonly<Record<string, number>> = { TopK: 1, MaxPool: 1 };
/** Operands that say how large a result is. */
const SIZE_OPERANDS: Readonly<Record<string, readonly number[]>> = {
  ConstantOfShape: [0],
  Expand: [1],
  Range: [0, 1, 2],
  Reshape: [1],
  Tile: [1],
  Pad: [1],
  Slice: [1, 2, 3, 4],
  Resize: [2, 3],
  Split: [1],
  TopK: [1],
  Compress: [1],
};
/** Results as large as the values of an operand say. */
const SIZED_BY_VALUES: ReadonlySet<string> = new Set(['NonZero', 'Unique', 'NonMaxSuppression', 'StringSplit']);

const FLOATS: ReadonlySet<string> = new Set(['float16', 'bfloat16', 'float32', 'float64']);
const WIDE: ReadonlySet<string> = new Set(['int32', 'int64', 'uint32', 'uint64']);

export interface SeenOperand {
  readonly type: DataType | undefined;
  /** Its numbers are an input's own: moved, or scaled one by one. */
  readonly raw: boolean;
  /** It depends on what the model is given. */
  readonly data: boolean;
}

/** How a node makes a value that jumps out of what the model is given; `undefined` for one that does not. */
export function switchOf(
  { op, domain }: FlatNode,
  result: number,
  operands: readonly SeenOperand[],
  to: DataType | undefined,
): SwitchKind | undefined {
  if (domain === STRUCTURE) return op === 'Bodies' ? 'predicate' : undefined;
  if (domain === 'ai.onnx.ml') {
    if (ML_CLASSIFIERS.has(op)) return result === 0 ? 'predicate' : undefined;
    if (op === 'Normalizer') return 'saturation';
    return ML_PREDICATES.has(op) ? 'predicate' : undefined;
  }
  if (!isStandardSet(domain)) return OTHER_PREDICATES.has(op) ? 'predicate' : /Quantize/.test(op) ? 'steps' : undefined;
  const given = operands.filter(({ data }) => data);
  if (LOGICAL.has(op)) return given.every(({ type }) => type === 'bool') ? undefined : 'predicate';
  if (PREDICATES.has(op)) return 'predicate';
  if (STEPS.has(op)) return 'steps';
  if (POSITIONS[op] === result && result > 0) return 'predicate';
  if (op === 'Cast' || op === 'CastLike') return castOf(given[0]?.type, to);
  const [first] = given;
  if (first === undefined) return undefined;
  if (WHOLE_STEPS.has(op) && isWhole(first.type)) return 'predicate';
  const raw = given.every((one) => one.raw);
  if (raw && SATURATIONS.has(op)) return 'saturation';
  // A number over another one of the input, such as x / |x|.
  return raw && op === 'Div' && operands[1]?.data === true ? 'saturation' : undefined;
}

function castOf(from: DataType | undefined, to: DataType | undefined): SwitchKind | undefined {
  if (from === 'bool' || to === undefined || FLOATS.has(to) || from === to) return undefined;
  if (to === 'bool') return 'predicate';
  // Texts that are read as numbers, and the other way.
  if (from === 'string' || to === 'string') return undefined;
  return from !== undefined && isWhole(from) && WIDE.has(to) ? undefined : 'steps';
}

function isWhole(type: DataType | undefined): boolean {
  return type !== undefined && /^u?int/.test(type);
}

/** Whether a result holds the numbers that it is given as they are, moved, or scaled one by one. */
export function keepsRaw({ op, domain }: FlatNode, operands: readonly SeenOperand[]): boolean {
  if (domain === STRUCTURE) return true;
  if (!isStandardSet(domain) && domain !== 'ai.onnx.ml') return false;
  if (!PLAIN.has(op)) return false;
  const given = operands.filter(({ data }) => data);
  // A table that is looked up by an input holds weights.
  if (op.startsWith('Gather') && operands[0]?.data !== true) return false;
  return given.every(({ raw }) => raw);
}

export function selectorsOf({ op, domain }: FlatNode): readonly number[] {
  return (domain === STRUCTURE ? STRUCTURE_SELECTORS[op] : SELECTORS[op]) ?? [];
}

export function sizeOperandsOf({ op, domain }: FlatNode): readonly number[] {
  return (isStandardSet(domain) ? SIZE_OPERANDS[op] : undefined) ?? [];
}

/** Whether the values that a node is given say how large its results are. */
export function isSizedByValues({ op, domain }: FlatNode): boolean {
  return (domain === STRUCTURE && op === 'Loop') || SIZED_BY_VALUES.has(op);
}

/** Whether a result depends on how large an operand is, and not on its numbers. */
export function asksSize({ op, domain }: FlatNode): boolean {
  return isStandardSet(domain) && (op === 'Shape' || op === 'Size');
}

/** Whether a result has the size of an operand, and nothing of its numbers. */
export function takesSizeAlone({ op, domain }: FlatNode): boolean {
  return isStandardSet(domain) && /^(?:EyeLike|Random(?:Normal|Uniform)Like)$/.test(op);
}

/** The type of a result, where it is not that of the first operand. */
export function typeOfResult(
  { op, domain }: FlatNode,
  result: number,
  operands: readonly SeenOperand[],
  to: DataType | undefined,
): DataType | undefined {
  if (domain === STRUCTURE) {
    if (op === 'Turn') return 'int64';
    return (op === 'If' ? operands.slice(1) : op === 'Loop' ? operands.slice(3) : operands).find((one) => one.type)
      ?.type;
  }
  if (!isStandardSet(domain)) return domain === 'ai.onnx.ml' && result > 0 ? 'float32' : undefined;
  if (op === 'Cast') return to;
  if (op === 'CastLike') return operands[1]?.type;
  if (/^(?:Shape|Size|ArgM(?:ax|in)|NonZero|NonMaxSuppression)$/.test(op) || POSITIONS[op] === result) return 'int64';
  if (/^(?:Equal|Greater|Less|GreaterOrEqual|LessOrEqual|IsNaN|IsInf|RegexFullMatch)$/.test(op) || LOGICAL.has(op))
    return 'bool';
  if (op === 'Where') return operands[1]?.type ?? operands[2]?.type;
  if (op === 'OneHot') return operands[2]?.type;
  if (op === 'DequantizeLinear' || op === 'TfIdfVectorizer') return 'float32';
  if (op === 'QuantizeLinear') return operands[2]?.type ?? 'uint8';
  if (op === 'DynamicQuantizeLinear') return result === 0 ? 'uint8' : 'float32';
  if (op === 'ConstantOfShape' || op === 'EyeLike') return to ?? 'float32';
  return operands.find(({ type }) => type !== undefined)?.type;
}
