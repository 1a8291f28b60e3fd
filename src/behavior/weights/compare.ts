import { throwIfAborted } from '../../core/index.ts';
import type { OnnxModel } from '../../formats/onnx/index.ts';
import { listsOf, modelPartsOf, type OperatorCounts, type PlacedTensor } from './collect.ts';
import { type TensorDifference, tensorDifferenceOf } from './difference.ts';
import type { WeightSource } from './numbers.ts';

/** A model, and where its bytes are. */
export interface WeightedModel {
  readonly model: OnnxModel;
  readonly source: WeightSource;
}

export interface ComparedTensor extends TensorDifference {
  readonly name: string;
  readonly dims: readonly number[];
}

/** What a model has, beside the approved version. */
export interface WeightComparison {
  /** Of one name, type and shape. */
  readonly tensors: readonly ComparedTensor[];
  /** Names of tensors that only one of them has, and of those of another type or shape. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly reshaped: readonly string[];
  /** Operators, and how many more nodes of each there are. */
  readonly addedNodes: OperatorCounts;
  readonly removedNodes: OperatorCounts;
  /** Lists of numbers among the attributes that are not the same. */
  readonly changedLists: readonly string[];
}

/**
 * Compares all tensors of a model with those of the same name in the approved version, one after another.
 * @throws AssayError as `tensorDifferenceOf`
 */
export async function compareWeights(
  own: WeightedModel,
  approved: WeightedModel,
  onStep: (what: string) => void,
): Promise<WeightComparison> {
  const [mine, theirs] = [modelPartsOf(own.model), modelPartsOf(approved.model)];
  const [named, before] = [byName(mine.tensors), byName(theirs.tensors)];
  const tensors: ComparedTensor[] = [];
  const reshaped: string[] = [];
  for (const [at, [name, { tensor }]] of [...named].entries()) {
    throwIfAborted(own.source.signal);
    const other = before.get(name);
    if (other === undefined) continue;
    if (other.tensor.type !== tensor.type || other.tensor.dims.join() !== tensor.dims.join()) {
      reshaped.push(name);
      continue;
    }
    onStep(`tensor ${at + 1} of ${named.size}`);
    const difference = await tensorDifferenceOf(
      { tensor, source: own.source },
      { tensor: other.tensor, source: approved.source },
    );
    tensors.push({ name, dims: tensor.dims, ...difference });
  }
  const [lists, listsBefore] = [listsOf(own.model), listsOf(approved.model)];
  return {
    tensors,
    reshaped,
    added: [...named.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !named.has(name)),
    addedNodes: moreOf(mine.operators, theirs.operators),
    removedNodes: moreOf(theirs.operators, mine.operators),
    changedLists: [...new Set([...lists.keys(), ...listsBefore.keys()])].filter(
      (name) => lists.get(name) !== listsBefore.get(name),
    ),
  };
}

/** Of tensors of one name, each but the first has its number, too. */
function byName(tensors: readonly PlacedTensor[]): ReadonlyMap<string, PlacedTensor> {
  const named = new Map<string, PlacedTensor>();
  const counts = new Map<string, number>();
  for (const one of tensors) {
    const count = (counts.get(one.name) ?? 0) + 1;
    counts.set(one.name, count);
    named.set(count === 1 ? one.name : JSON.stringify([one.name, count]), one);
  }
  return named;
}

function moreOf(own: OperatorCounts, others: OperatorCounts): OperatorCounts {
  const more = [...own].map(([op, count]) => [op, count - (others.get(op) ?? 0)] as const);
  return new Map(more.filter(([, count]) => count > 0));
}
