import type { OnnxGraph, OnnxValue } from '../../../formats/onnx/index.ts';
import { filledValue, type LoweredValue, loweredValue } from '../lower/index.ts';
import {
  expandedTerm,
  MASK_INPUT,
  ONE,
  placesTerm,
  type SymbolicShape,
  SymbolicSize,
  type TermTable,
} from '../terms/index.ts';

/** What the inputs of both graphs are. */
export interface BoundInputs {
  readonly shipped: ReadonlyMap<string, LoweredValue>;
  readonly rebuilt: ReadonlyMap<string, LoweredValue>;
  /** Inputs of the shipped graph that the rebuilt one does not have, or has in another shape, and why that matters. */
  readonly unclear: readonly { readonly name: string; readonly why: string }[];
}

/**
 * One value for the inputs of one name. A graph that was exported for one size of a batch or of a text is compared with the rebuilt graph for
 * that size. An input that the shipped graph lacks is what transformers gives when it is left out.
 * @param live names of values that the shipped graph uses
 */
export function bindInputs(
  terms: TermTable,
  shipped: OnnxGraph,
  rebuilt: OnnxGraph,
  live: ReadonlySet<string>,
): BoundInputs {
  const initialized = new Set(shipped.initializers.map(({ name }) => name));
  const given = shipped.inputs.filter(({ name }) => live.has(name) && !initialized.has(name));
  const sizes = new Map<string, SymbolicSize>();
  const unclear: { name: string; why: string }[] = [];
  const own = new Map(rebuilt.inputs.map((input) => [input.name, input]));
  for (const input of given) {
    const expected = own.get(input.name);
    const why = expected === undefined ? 'the rebuilt graph does not have it' : bindSizes(input, expected, sizes);
    if (why !== undefined) unclear.push({ name: input.name, why });
  }
  const bad = new Set(unclear.map(({ name }) => name));
  const rebuiltValues = new Map<string, LoweredValue>();
  const shippedValues = new Map<string, LoweredValue>();
  for (const [name, input] of own) {
    const shape = shapeOf(input, sizes);
    const type = elementOf(input) ?? 'float32';
    const there = given.find((one) => one.name === name);
    const value = loweredValue(terms.make({ op: 'input', attribute: name, shape }), type, shape);
    if (there === undefined) rebuiltValues.set(name, absent(terms, name, value, shape));
    else rebuiltValues.set(name, value);
    if (there !== undefined && !bad.has(name)) shippedValues.set(name, { ...value, type: elementOf(there) ?? type });
  }
  for (const { name } of given)
    if (!shippedValues.has(name)) {
      const term = terms.make({ op: 'opaque', attribute: `input ${name}`, shape: [] });
      shippedValues.set(name, { type: 'float32', shape: undefined, term, items: undefined });
    }
  return { shipped: shippedValues, rebuilt: rebuiltValues, unclear };
}

function elementOf({ type }: OnnxValue) {
  return type?.kind === 'tensor' ? type.element : undefined;
}

function dimsOf({ type }: OnnxValue) {
  return type?.kind === 'tensor' ? type.shape?.map(({ size }) => size) : undefined;
}

/** Takes over the sizes that the shipped graph fixes. @returns why the inputs cannot be one */
function bindSizes(input: OnnxValue, expected: OnnxValue, sizes: Map<string, SymbolicSize>): string | undefined {
  const [type, wanted] = [elementOf(input), elementOf(expected)];
  const kinds = (one: typeof type) => (one?.startsWith('int') ? 'whole' : one?.includes('float') ? 'real' : one);
  if (kinds(type) !== kinds(wanted)) return `it is of ${type ?? 'an unknownForm type'}, not of ${wanted ?? 'another'}`;
  const [dims, own] = [dimsOf(input), dimsOf(expected)];
  if (dims === undefined || own === undefined) return undefined;
  if (dims.length !== own.length) return `it has ${dims.length} dimensions, not ${own.length}`;
  for (const [i, size] of own.entries()) {
    const there = dims[i];
    if (typeof there !== 'number' || there < 0) continue;
    if (typeof size === 'number') {
      if (size !== there) return `its dimension ${i} has the size ${there}, not ${size}`;
    } else if (size !== undefined) {
      const known = sizes.get(size);
      if (known !== undefined && known.number !== there)
        return `its dimension ${i} has the size ${there}, not ${known.key}`;
      sizes.set(size, SymbolicSize.of(there));
    }
  }
  return undefined;
}

function shapeOf(input: OnnxValue, sizes: ReadonlyMap<string, SymbolicSize>): SymbolicShape {
  return (dimsOf(input) ?? []).map((size) => {
    if (typeof size === 'number') return SymbolicSize.of(size);
    return sizes.get(size ?? '') ?? SymbolicSize.named(size ?? '?');
  });
}

/** What transformers takes for an input that it is not given. */
function absent(terms: TermTable, name: string, value: LoweredValue, shape: SymbolicShape): LoweredValue {
  if (name === MASK_INPUT) return filledValue(terms, 1, value.type, shape);
  if (name === 'token_type_ids') return filledValue(terms, 0, value.type, shape);
  if (name === 'position_ids')
    return loweredValue(expandedTerm(terms, placesTerm(terms, shape.at(-1) ?? ONE), shape), value.type, shape);
  return value;
}
