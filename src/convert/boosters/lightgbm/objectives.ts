import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Operators } from '../../operators/index.ts';

/** What a model predicts, and how it makes that of the sums of its leaves. */
export interface LightgbmObjective {
  readonly task: 'binary' | 'classes' | 'values';
  readonly link: (ops: Operators, sums: GraphValue) => GraphValue;
}

type Settings = ReadonlyMap<string, string>;

const same = (_: Operators, sums: GraphValue) => sums;
const exponential = (ops: Operators, sums: GraphValue) => ops.op('Exp', [sums]);

/** By the name that the model has (LightGBM/src/objective, `ConvertOutput`). */
const OBJECTIVES: ReadonlyMap<string, (settings: Settings) => LightgbmObjective | undefined> = new Map([
  ...['regression', 'regression_l1', 'huber', 'fair', 'quantile', 'mape'].map(
    (name): [string, (settings: Settings) => LightgbmObjective] => [
      name,
      (settings) => ({ task: 'values', link: settings.has('sqrt') ? signedSquare : same }),
    ],
  ),
  ...['poisson', 'gamma', 'tweedie'].map((name): [string, () => LightgbmObjective] => [
    name,
    () => ({ task: 'values', link: exponential }),
  ]),
  ...['lambdarank', 'rank_xendcg', 'custom', 'none'].map((name): [string, () => LightgbmObjective] => [
    name,
    () => ({ task: 'values', link: same }),
  ]),
  ['binary', (settings) => withSigmoid('binary', settings)],
  ['multiclassova', (settings) => withSigmoid('classes', settings)],
  ['multiclass', () => ({ task: 'classes', link: (ops, sums) => ops.softmax(sums) })],
  ['cross_entropy', () => ({ task: 'values', link: (ops, sums) => ops.sigmoid(sums) })],
  ['cross_entropy_lambda', () => ({ task: 'values', link: softplus })],
]);

const NUMBER = /^\d{1,20}(?:\.\d{0,20})?(?:e[-+]?\d{1,3})?$/;

function withSigmoid(task: LightgbmObjective['task'], settings: Settings): LightgbmObjective | undefined {
  const text = settings.get('sigmoid') ?? '1';
  const factor = NUMBER.test(text) ? Number(text) : 0;
  if (!(factor > 0) || !Number.isFinite(factor)) return undefined;
  return { task, link: (ops, sums) => ops.sigmoid(ops.scale(sums, factor)) };
}

function signedSquare(ops: Operators, sums: GraphValue): GraphValue {
  return ops.mul(sums, ops.op('Abs', [sums]));
}

/** `log(1 + exp(x))`, without an overflow. */
function softplus(ops: Operators, sums: GraphValue): GraphValue {
  const small = ops.op('Exp', [ops.op('Neg', [ops.op('Abs', [sums])])]);
  return ops.add(ops.op('Max', [sums, ops.real(0)]), ops.op('Log', [ops.add(ops.real(1), small)]));
}

/**
 * The objective of a text such as `binary sigmoid:1`; without one, sums are predictions.
 * @returns `undefined` for an objective that is not known, or with a setting that is not a number
 */
export function lightgbmObjective(text: string | undefined): LightgbmObjective | undefined {
  if (text === undefined) return { task: 'values', link: same };
  const [name = '', ...settings] = text.split(' ');
  const pairs = settings.map((setting): [string, string] => {
    const at = setting.indexOf(':');
    return at === -1 ? [setting, ''] : [setting.slice(0, at), setting.slice(at + 1)];
  });
  return OBJECTIVES.get(name)?.(new Map(pairs));
}
