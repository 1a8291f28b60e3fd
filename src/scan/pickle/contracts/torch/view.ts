import { DICT, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Fit, fitOf } from '../bounds.ts';
import { type Breach, type ContractContext, unexpected } from '../contract.ts';
import { numberOf, numbersOf, otherThan } from '../numbers.ts';
import { givenStorage } from './storage.ts';

const FITS: Readonly<Record<Exclude<Fit, 'fits'>, Breach>> = {
  negative: unexpected('a size, stride or offset is negative'),
  wraps: 'sizes, strides and offset are so large that the arithmetic of the loader overflows',
  outside: unexpected('the tensor reaches beyond its storage'),
};

/** Checks sizes, strides and offset of a view against the known size of its storage. */
export function viewBreach(
  offset: Value | 'zero' | undefined,
  size: Value | undefined,
  stride: Value | undefined,
  storage: { readonly elements: number | undefined; readonly elementSize: number },
  context: ContractContext,
): Breach | undefined {
  const start = offset === 'zero' ? 0 : numberOf(offset, context);
  if (typeof start !== 'number') return start;
  const [sizes, strides] = [numbersOf(size, context), numbersOf(stride, context)];
  if (sizes.kind === 'broken') return sizes.breach;
  if (strides.kind === 'broken') return strides.breach;
  if (sizes.numbers.length !== strides.numbers.length) return unexpected('the numbers of sizes and strides differ');
  const view = { offset: start, sizes: sizes.numbers, strides: strides.numbers };
  const fit = fitOf(view, storage.elements, storage.elementSize);
  return fit === 'fits' ? undefined : FITS[fit];
}

/** The view of a storage that the first four arguments describe. */
export function storedView(args: readonly Value[], context: ContractContext, elementSize?: number): Breach | undefined {
  const [of, offset, size, stride] = args;
  const storage = givenStorage(of, context);
  if (typeof storage === 'string' || 'kind' in storage) return storage;
  const own = elementSize ?? storage.elementSize ?? 1;
  // Untyped storages count bytes.
  const elements =
    storage.elements === undefined ? undefined : Math.floor((storage.elements * (storage.elementSize ?? 1)) / own);
  return viewBreach(offset, size, stride, { elements, elementSize: own }, context);
}

export function metadata(of: Value | undefined): Breach | undefined {
  return of === undefined || of.kind === DICT ? undefined : otherThan(of, 'a dict of metadata');
}

export function counted(args: readonly Value[], least: number, most: number): Breach | undefined {
  return args.length < least || args.length > most ? unexpected('its number of arguments is wrong') : undefined;
}

const REBUILDERS =
  /^torch\.(_utils:_rebuild_[a-z0-9_]+|_tensor:_rebuild_from_type_v2|nested\._internal\.nested_tensor:_rebuild_njt)$/;

/** What a rebuilder of tensors returned. */
export function tensor(of: Value | undefined, context: ContractContext): Breach | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  if (maker !== undefined && REBUILDERS.test(`${maker.module}:${maker.name}`)) return undefined;
  return of?.kind === OBJECT ? unexpected('a value is not a tensor') : otherThan(of, 'a tensor');
}
