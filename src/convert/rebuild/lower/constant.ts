import type { DataType, OnnxTensor } from '../../../formats/onnx/index.ts';
import type { Derivation, KnownTensor, TensorContent } from '../constants/index.ts';
import {
  concatTerms,
  elementwiseTerm,
  expandedTerm,
  ONE,
  placesTerm,
  productTerm,
  reshapeTerm,
  type SymbolicShape,
  SymbolicSize,
  sliceTerm,
  type Term,
  type TermTable,
  transposeTerm,
} from '../terms/index.ts';
import { unknownForm } from './node.ts';
import { filledValue, INTEGERS, itemsValue, type LoweredValue, loweredValue } from './value.ts';

/** What a constant of a graph is. @throws UnknownForm for one whose elements cannot be read */
export function constantValue(terms: TermTable, tensor: OnnxTensor, constant: TensorContent): LoweredValue {
  const { type, dims } = tensor;
  const shape = dims.map((size) => SymbolicSize.of(size));
  switch (constant.kind) {
    case 'numbers':
      return numbers(terms, constant.values, type, shape);
    case 'filled':
      return filledValue(terms, constant.value, type, shape);
    case 'places':
      return loweredValue(
        reshapeTerm(terms, placesTerm(terms, SymbolicSize.of(dims.reduce((all, size) => all * size, 1))), shape),
        type,
        shape,
      );
    case 'triangle': {
      const { diagonal, inside, outside } = constant;
      const side = SymbolicSize.of(dims.at(-1) ?? 1);
      const triangle = terms.make({
        op: 'triangle',
        attribute: [diagonal, inside, outside].join(),
        shape: [side, side],
      });
      return loweredValue(expandedTerm(terms, triangle, shape), type, shape);
    }
    case 'weight':
      return loweredValue(reshapeTerm(terms, derived(terms, constant.from), shape), type, shape);
    case 'other': {
      // A weight that was changed stands for that weight, so that nothing else seems to be another.
      const { near } = constant;
      const term =
        near === undefined
          ? terms.make({ op: 'unknown constant', attribute: tensor.name, shape })
          : reshapeTerm(terms, whole(terms, near.tensor, near.transposed), shape);
      return loweredValue(term, type, shape);
    }
    case 'unread':
      throw unknownForm(constant.why);
  }
}

function numbers(terms: TermTable, values: Float64Array, type: DataType, shape: SymbolicShape): LoweredValue {
  if (INTEGERS.has(type))
    return itemsValue(
      terms,
      Array.from(values, (value) => SymbolicSize.of(value)),
      type,
      shape,
    );
  const [only] = values;
  if (only === undefined) return loweredValue(terms.make({ op: 'numbers', attribute: 'none', shape }), type, shape);
  return loweredValue(terms.number(only), type, shape);
}

/** A tensor of the weights as a term. */
export function knownTerm(terms: TermTable, { name, dims }: Pick<KnownTensor, 'name' | 'dims'>): Term {
  return terms.make({ op: 'weight', attribute: name, shape: dims.map((size) => SymbolicSize.of(size)) });
}

function whole(terms: TermTable, tensor: KnownTensor, transposed: boolean): Term {
  const term = knownTerm(terms, tensor);
  return transposed
    ? transposeTerm(
        terms,
        term,
        tensor.dims.map((size) => SymbolicSize.of(size)),
        [1, 0],
      )
    : term;
}

function derived(terms: TermTable, from: Derivation): Term {
  switch (from.kind) {
    case 'whole':
      return whole(terms, from.tensor, from.transposed);
    case 'wave': {
      const angles = knownTerm(terms, from.angles);
      const column = reshapeTerm(terms, placesTerm(terms, SymbolicSize.of(from.count)), [
        SymbolicSize.of(from.count),
        ONE,
      ]);
      const half = productTerm(terms, [
        [1, column],
        [1, angles],
      ]);
      const turns = concatTerms(terms, [half, half], 1);
      return elementwiseTerm(terms, from.function, [turns]);
    }
    case 'rows':
      return sliceTerm(terms, knownTerm(terms, from.tensor), 2, SymbolicSize.of(0), SymbolicSize.of(from.count));
    case 'joined':
      return concatTerms(
        terms,
        from.parts.map(({ tensor, transposed }) => whole(terms, tensor, transposed)),
        1,
      );
  }
}
