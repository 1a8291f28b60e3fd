import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { Hdf5File, type Hdf5Object } from '../../../src/formats/hdf5/file.ts';

export interface OpenedHdf5 {
  readonly file: Hdf5File;
  readonly budget: FileBudget;
}

export async function openHdf5(bytes: Uint8Array): Promise<OpenedHdf5> {
  const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
  const file = await Hdf5File.open(new MemorySource(bytes, 'file.h5'), { limits: DEFAULT_LIMITS, budget });
  return { file, budget };
}

/** Every object that names lead to, each once, by the first path that does. */
export async function allObjects(file: Hdf5File): Promise<ReadonlyMap<string, Hdf5Object>> {
  const found = new Map<string, Hdf5Object>();
  const known = new Set<Hdf5Object>();
  const visit = async (path: readonly string[]): Promise<void> => {
    const object = await file.find(path);
    if (object === undefined || known.has(object)) return;
    known.add(object);
    found.set(path.join('/'), object);
    for (const [name, link] of object.links) if (link.kind === 'hard') await visit([...path, name]);
  };
  await visit([]);
  return found;
}

/** Reads all that a file holds: links, attributes, elements. */
export async function readAll(bytes: Uint8Array): Promise<void> {
  const { file } = await openHdf5(bytes);
  for (const { dataset, attributes } of (await allObjects(file)).values()) {
    for (const attribute of attributes.values())
      if (attribute.type.kind === 'text' || attribute.type.kind === 'long-text') await file.texts(attribute);
    if (dataset === undefined) continue;
    const elements = await file.elements(dataset);
    await elements.close();
  }
}
