import type { DataType } from '../../../formats/onnx/index.ts';
import {
  elements,
  expandedTerm,
  placesTerm,
  type SymbolicShape,
  SymbolicSize,
  shapeKey,
  sizeTerm,
  type Term,
  type TermTable,
} from '../terms/index.ts';

/** What a value of the graph is. */
export interface LoweredValue {
  readonly type: DataType;
  /** All dimensions; `undefined` where not even their number is known. */
  readonly shape: SymbolicShape | undefined;
  readonly term: Term;
  /** The elements of few whole numbers: sizes are computed with before anything is compared. */
  readonly items: readonly SymbolicSize[] | undefined;
}

/** Elements that are computed with one by one. */
export const MAX_ITEMS = 64;

export const INTEGERS: ReadonlySet<DataType> = new Set(['int64', 'int32', 'uint8', 'int8', 'bool']);
export const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'float16', 'bfloat16', 'float64']);

export function loweredValue(term: Term, type: DataType, shape: SymbolicShape): LoweredValue {
  return { type, shape, term, items: undefined };
}

/** A few whole numbers. */
export function itemsValue(
  terms: TermTable,
  items: readonly SymbolicSize[],
  type: DataType,
  shape: SymbolicShape,
): LoweredValue {
  return { type, shape, term: itemsTerm(terms, items, shape), items };
}

function itemsTerm(terms: TermTable, items: readonly SymbolicSize[], shape: SymbolicShape): Term {
  const [first] = items;
  if (first !== undefined && items.every((item) => item.equals(first)))
    return expandedTerm(terms, sizeTerm(terms, first), shape);
  const line = shape.filter(({ number }) => number !== 1);
  if (line.length === 1 && items.every(({ number }, i) => number === i))
    return placesTerm(terms, SymbolicSize.of(items.length));
  return terms.make({ op: 'numbers', attribute: shapeKey(items), shape });
}

/** The same number in every element. */
export function filledValue(terms: TermTable, value: number, type: DataType, shape: SymbolicShape): LoweredValue {
  const count = elements(shape).number;
  if (INTEGERS.has(type) && count !== undefined && count <= MAX_ITEMS)
    return itemsValue(
      terms,
      Array.from({ length: count }, () => SymbolicSize.of(value)),
      type,
      shape,
    );
  return loweredValue(expandedTerm(terms, terms.number(value), shape), type, shape);
}
