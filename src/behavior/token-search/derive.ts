import { AssayError } from '../../core/index.ts';
import { type OnnxModel, type OnnxValue, type RunnerOptions, tensorType } from '../../formats/onnx/index.ts';
import {
  deriveGradient,
  type GradientModel,
  Ops,
  opsetOf,
  type ScoreKind,
  SeenShapes,
  Tape,
  type TensorFeeds,
} from '../gradient/index.ts';
import type { Embedding } from './embedding.ts';

export interface TokenGradientOptions extends Pick<RunnerOptions, 'bounds' | 'external' | 'signal'> {
  readonly model: OnnxModel;
  readonly embedding: Embedding;
  readonly output: string;
  readonly scores: ScoreKind;
  readonly example: TensorFeeds;
  /** Candidates of each row, or of each place of a trigger. */
  readonly candidates: number;
  /** Tokens of a trigger that all rows have at the same places; absent for each row by itself. */
  readonly trigger?: { readonly at: number; readonly length: number };
}

/** A model that gives the tokens which change the loss of the class of a row most, to first order. */
export interface TokenGradientModel {
  readonly model: OnnxModel;
  readonly inputs: {
    readonly class: string;
    /** float32 [vocabulary]: 0 for a token that may be put in, BARRED for others. */
    readonly allowed: string;
    /** float32 [rows, length]: 0 where a token may be replaced, BARRED elsewhere; absent of a trigger. */
    readonly places: string | undefined;
  };
  readonly outputs: {
    readonly scores: string;
    /**
     * float32 and int64 [rows, candidates]: how much the loss rises, and which (place * vocabulary + token). Of a trigger, [length, candidates]: how
     * much it falls, and which token.
     */
    readonly gains: string;
    readonly indices: string;
  };
  readonly blocked: GradientModel['blocked'];
}

/** Below every gain, and finite. */
export const BARRED = -1e30;

/**
 * The gain of a token in place of another, to first order: the difference of their vectors times the gradient of the cross entropy by the vector
 * (Ebrahimi et al. 2018, HotFlip; Wallace et al. 2019 for triggers, summed over the rows).
 * @throws AssayError as `deriveGradient`
 */
export async function deriveTokenGradient(options: TokenGradientOptions): Promise<TokenGradientModel> {
  const { model, embedding, output, scores, example, trigger } = options;
  const { model: _model, embedding: _embedding, output: _output, scores: _scores, candidates, ...settings } = options;
  const derived = await deriveGradient({
    ...settings,
    model,
    wrt: embedding.vectors,
    loss: { kind: 'cross-entropy', output, scores },
    example,
  });
  const { class: own } = derived.inputs;
  if (own === undefined) throw new AssayError('internal', 'the loss has no class');
  const tape = new Tape(derived.model, opsetOf(model), 64, 'tokens');
  const ops = new Ops(tape, 'float32', new SeenShapes(new Map(), new Map()));
  const allowed = tape.name('allowed');
  const placed =
    trigger === undefined
      ? ofRows(ops, embedding, derived.outputs.gradient, allowed, candidates)
      : ofTrigger(ops, embedding, derived.outputs.gradient, allowed, candidates, trigger);
  const { graph } = derived.model;
  const names = [derived.outputs.scores, placed.gains, placed.indices];
  const inputs = [numbersInput(allowed, 1), ...(placed.places === undefined ? [] : [numbersInput(placed.places, 2)])];
  return {
    model: {
      ...derived.model,
      graph: {
        ...graph,
        nodes: [...graph.nodes, ...tape.nodes],
        initializers: [...graph.initializers, ...tape.constants],
        inputs: [...graph.inputs, ...inputs],
        outputs: names.map((name): OnnxValue => ({ name, type: undefined, docString: '', metadata: [] })),
      },
    },
    inputs: { class: own, allowed, places: placed.places },
    outputs: { scores: derived.outputs.scores, gains: placed.gains, indices: placed.indices },
    blocked: derived.blocked,
  };
}

interface Placed {
  readonly gains: string;
  readonly indices: string;
  readonly places: string | undefined;
}

function numbersInput(name: string, rank: number): OnnxValue {
  const sizes = Array.from({ length: rank }, () => undefined);
  return { name, type: tensorType('float32', sizes), docString: '', metadata: [] };
}

/** The product of each gradient with the vector of each token: [rows * length, vocabulary]. */
function products(ops: Ops, { table }: Embedding, gradient: string): string {
  const width = ops.op('Slice', [ops.op('Shape', [table]), ops.ints([1]), ops.ints([2])]);
  const flat = ops.op('Reshape', [gradient, ops.op('Concat', [ops.ints([-1]), width], { axis: 0 })]);
  return ops.op('Gemm', [flat, table], { transB: 1 });
}

function ofRows(ops: Ops, embedding: Embedding, gradient: string, allowed: string, candidates: number): Placed {
  const { vocabulary, vectors } = embedding;
  const places = ops.tape.name('places');
  const column = (value: string) => ops.op('Reshape', [value, ops.ints([-1, 1])]);
  const own = column(ops.op('ReduceSum', sumInputs(ops, ops.mul(gradient, vectors)), sumAttributes(ops)));
  const gain = ops.add(ops.sub(products(ops, embedding, gradient), own), allowed);
  const open = ops.add(gain, column(places));
  const rows = ops.op('Slice', [ops.op('Shape', [vectors]), ops.ints([0]), ops.ints([1])]);
  const all = ops.op('Reshape', [open, ops.op('Concat', [rows, ops.ints([-1])], { axis: 0 })]);
  const least = Math.min(candidates, vocabulary);
  const [gains = '', indices = ''] = ops.tape.ops('TopK', [all, ops.ints([least])], 2, { axis: 1 });
  return { gains, indices, places };
}

/** A sum over the last axis, as the operator set has it. */
function sumInputs(ops: Ops, value: string): readonly string[] {
  return ops.tape.opset >= 13 ? [value, ops.ints([-1])] : [value];
}

function sumAttributes(ops: Ops): Readonly<Record<string, number | readonly number[]>> {
  return ops.tape.opset >= 13 ? { keepdims: 0 } : { axes: [-1], keepdims: 0 };
}

function ofTrigger(
  ops: Ops,
  embedding: Embedding,
  gradient: string,
  allowed: string,
  candidates: number,
  { at, length }: { readonly at: number; readonly length: number },
): Placed {
  const together = ops.sum(ops.slice(gradient, 1, at, at + length), [0]);
  const falls = ops.add(ops.neg(products(ops, embedding, together)), allowed);
  const least = Math.min(candidates, embedding.vocabulary);
  const [gains = '', indices = ''] = ops.tape.ops('TopK', [falls, ops.ints([least])], 2, { axis: 1 });
  return { gains, indices, places: undefined };
}
