import { elementwiseTerm, productTerm, type SymbolicShape, scaled, sum } from '../terms/index.ts';
import { gelu, gemm, layerNorm, multiplied, plus, times, turned } from './matrix.ts';
import { type OperatorRule, type RuleCall, unknownForm } from './node.ts';
import type { LoweredValue } from './value.ts';

type Known = LoweredValue & { readonly shape: SymbolicShape };

/** Operators that the optimizer of ONNX Runtime makes of several of the standard set, in the domain com.microsoft. */
export const FUSED_OPERATORS: Readonly<Record<string, OperatorRule>> = {
  FusedMatMul: (call) => {
    if (call.int('transBatchA', 0) !== 0 || call.int('transBatchB', 0) !== 0) throw unknownForm('it moves its batch');
    const a = call.int('transA', 0) === 1 ? turned(call, call.input(0)) : call.input(0);
    const b = call.int('transB', 0) === 1 ? turned(call, call.input(1)) : call.input(1);
    return [times(call, multiplied(call, a, b), call.float('alpha', 1))];
  },
  FusedGemm: (call) => {
    const activation = call.text('activation', '');
    if (!['Tanh', 'Relu', 'Sigmoid'].includes(activation))
      throw unknownForm(`its activation is ${JSON.stringify(activation.slice(0, 40))}`);
    const whole = gemm(call);
    return [{ ...whole, term: elementwiseTerm(call.terms, activation, [whole.term]) }];
  },
  Gelu: (call) => [gelu(call, call.input(0), false)],
  BiasGelu: (call) => [gelu(call, plus(call, call.input(0), call.input(1)), false)],
  FastGelu: (call) => [gelu(call, call.has(1) ? plus(call, call.input(0), call.input(1)) : call.input(0), true)],
  QuickGelu: (call) => {
    const x = call.input(0);
    const share = elementwiseTerm(call.terms, 'Sigmoid', [scaled(call.terms, x.term, call.float('alpha', 1.702))]);
    return [
      {
        ...x,
        term: productTerm(call.terms, [
          [1, x.term],
          [1, share],
        ]),
      },
    ];
  },
  SkipLayerNormalization: (call) => skipped(call, true),
  SkipSimplifiedLayerNormalization: (call) => skipped(call, false),
};

/** Adds, and normalises what is the sum. The fourth result is the sum itself. */
function skipped(call: RuleCall, centered: boolean): LoweredValue[] {
  if ([1, 2].some((i) => (call.node.outputs[i] ?? '') !== ''))
    throw unknownForm('it gives the meanOf and the variance');
  const [x, skip] = [call.input(0), call.input(1)];
  const last = call.optional(centered ? 4 : 3);
  const terms = [x, skip, ...(last === undefined ? [] : [last])];
  const whole: Known = {
    ...x,
    items: undefined,
    term: sum(
      call.terms,
      terms.map(({ term }) => [1, term] as const),
    ),
  };
  const normal = layerNorm(call, whole, 2, centered);
  return [normal, normal, normal, whole].slice(0, Math.max(1, call.node.outputs.length));
}
