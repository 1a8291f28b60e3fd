import { type Inert, sequenceOf, wholeCount } from '../../formats/pickle/inert/index.ts';

/** What a persistent id of PyTorch names (torch/serialization.py, `persistent_id`). */
export interface StorageReference {
  /** The class of the storage. */
  readonly cls: Inert;
  readonly key: string;
  readonly elements: number;
  /** Of old files: the elements before the part of the storage that is meant. */
  readonly viewOffset: number;
}

/** @returns `undefined` for an id of another form */
export function storageIdOf(id: Inert): StorageReference | undefined {
  const [kind, cls, key, , count, view, ...rest] = sequenceOf(id) ?? [];
  const elements = wholeCount(count);
  if (kind !== 'storage' || cls === undefined || typeof key !== 'string' || elements === undefined || rest.length > 0)
    return undefined;
  if (view === undefined || view === null) return { cls, key, elements, viewOffset: 0 };
  const [viewKey, offset, size, ...more] = sequenceOf(view) ?? [];
  const viewOffset = wholeCount(offset);
  if (typeof viewKey !== 'string' || viewOffset === undefined || wholeCount(size) === undefined || more.length > 0)
    return undefined;
  return { cls, key, elements, viewOffset };
}
