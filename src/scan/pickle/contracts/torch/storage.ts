import {
  BYTES,
  INT,
  NONE,
  OBJECT,
  PERSID,
  type PickleState,
  STR,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../../../formats/pickle/index.ts';
import type { StorageRecords } from '../../../scanner/index.ts';
import { type Breach, type ContractContext, unexpected } from '../contract.ts';
import { numberOf, otherThan } from '../numbers.ts';
import { ELEMENTS_OF_PACKED, isLocation, storageElementSize } from './types.ts';

/** A storage as a persistent id describes it. */
export interface StorageClaim {
  readonly key: string;
  readonly elementSize: number;
  readonly elements: number;
}

export type StorageId =
  | { readonly kind: 'storage'; readonly claim: StorageClaim; readonly breach: Breach | undefined }
  /** A class with its source, as PyTorch wrote it before 1.6; PyTorch only compares the source. */
  | { readonly kind: 'module' }
  | { readonly kind: 'broken'; readonly breach: Breach };

const SHAPE = unexpected('it does not have the shape of a tensor storage');

/**
 * `('storage', class, key, location, elements)`, and in legacy files a sixth value with a view
 * (torch/serialization.py: `persistent_id`, `persistent_load`).
 */
export function readStorageId(id: Value, records: StorageRecords | undefined, context: ContractContext): StorageId {
  const parts = context.state.tuple(id);
  const [tag, type, key, location, count, view] = parts ?? [];
  const kind = tag === undefined ? undefined : context.state.text(tag);
  if (parts !== undefined && kind === 'module' && parts.length >= 2 && parts.length <= 4) return { kind: 'module' };
  if (parts === undefined || kind !== 'storage' || parts.length < 5 || parts.length > 6) return broken(SHAPE);
  const name = keyOf(key, context.state);
  const elementSize = type === undefined ? undefined : storageElementSize(context.state.global(type));
  const elements = numberOf(count, context);
  if (name === undefined) return broken(otherThan(key, 'the key of a storage'));
  if (type === undefined || elementSize === undefined || context.listed(type) === undefined)
    return broken(type?.kind === OBJECT ? 'the class of the storage is computed' : notStorage(type));
  if (typeof elements !== 'number') return broken(elements);
  if (elements < 0) return broken('the storage has a negative number of elements');
  const claim: StorageClaim = { key: name, elementSize, elements };
  const breach = recordBreach(claim, records) ?? locationBreach(location, context) ?? viewBreach(view, claim, context);
  return { kind: 'storage', claim, breach };
}

function broken(breach: Breach): StorageId {
  return { kind: 'broken', breach };
}

function notStorage(type: Value | undefined): Breach {
  return otherThan(type, 'a class of storages');
}

function keyOf(key: Value | undefined, state: PickleState): string | undefined {
  if (key === undefined) return undefined;
  if (key.kind === INT) {
    const number = state.integer(key);
    return number === undefined ? undefined : String(number);
  }
  return state.text(key);
}

/** torch reads as many bytes of the record as the id states, and does not check the size of the record. */
function recordBreach({ key, elementSize, elements }: StorageClaim, records: StorageRecords | undefined) {
  if (records === undefined) return undefined;
  const sizes = records.get(key);
  const [bytes] = sizes ?? [];
  if (sizes === undefined || bytes === undefined)
    return unexpected(`it names the storage ${shown(key)}, which the file does not have`);
  if (sizes.length > 1)
    return unexpected(`it names the storage ${shown(key)}, which the file has ${sizes.length} times`);
  const needed = BigInt(elements) * BigInt(elementSize);
  if (needed === BigInt(bytes)) return undefined;
  return needed > BigInt(bytes)
    ? `it reads ${needed} bytes from a storage of ${bytes}`
    : unexpected(`it says that the storage has ${needed} bytes, but it has ${bytes}`);
}

function locationBreach(location: Value | undefined, { state }: ContractContext): Breach | undefined {
  if (location?.kind === BYTES) return undefined; // Written by Python 2; torch decodes it as ASCII.
  if (location?.kind !== STR && location?.kind !== STR_DUNDER) return otherThan(location, 'a location');
  return isLocation(state.text(location)) ? undefined : unexpected('the location of the storage is not a known device');
}

/** `(key, offset, elements)` of a view into the storage. */
function viewBreach(view: Value | undefined, claim: StorageClaim, context: ContractContext): Breach | undefined {
  if (view === undefined || view.kind === NONE) return undefined;
  const parts = view.kind === TUPLE ? context.state.tuple(view) : undefined;
  if (parts?.length !== 3) return otherThan(view, 'a view of a storage');
  const [offset, elements] = [numberOf(parts[1], context), numberOf(parts[2], context)];
  if (typeof offset !== 'number') return offset;
  if (typeof elements !== 'number') return elements;
  const inside = offset >= 0 && elements >= 0 && offset + elements <= claim.elements;
  return inside ? undefined : unexpected('a view reaches beyond its storage');
}

function shown(key: string): string {
  return JSON.stringify(key.slice(0, 40));
}

/** The storage that a tensor rebuilder receives: its number of elements, where it is known. */
export interface GivenStorage {
  readonly elements: number | undefined;
  readonly elementSize: number | undefined;
}

export function givenStorage(of: Value | undefined, context: ContractContext): GivenStorage | Breach {
  if (of?.kind === OBJECT) {
    const maker = context.madeBy(of);
    // A storage that was pickled by itself is a separate torch file, and is judged as one.
    if (maker?.module === 'torch.storage' && maker.name === '_load_from_bytes') return UNTOLD;
    return 'the storage is the result of a call that does not make storages';
  }
  const id = of?.kind === PERSID ? context.state.persistentId(of) : undefined;
  if (id === undefined) return 'the storage is not a storage';
  const parts = context.state.tuple(id);
  if (parts === undefined) return UNTOLD;
  const [, type, , , count, view] = parts;
  const global = type === undefined ? undefined : context.state.global(type);
  const packed = global === undefined ? 1 : (ELEMENTS_OF_PACKED[global.name] ?? 1);
  const viewed = view === undefined ? undefined : context.state.tuple(view)?.[2];
  const elements = numberOf(viewed ?? count, context);
  // Faults of the id were reported where it was loaded.
  return {
    elements: typeof elements === 'number' ? elements * packed : undefined,
    elementSize: storageElementSize(global),
  };
}

const UNTOLD: GivenStorage = { elements: undefined, elementSize: undefined };
