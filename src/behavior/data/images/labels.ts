import { inByteOrder } from '../../../core/bytes/index.ts';
import { AssayError, quotedName } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import type { FolderLabels } from './spec.ts';

/**
 * The class of each image, which is the first folder below the folder of all: its place among `classes`, else among all such folders by
 * name, as torchvision's `ImageFolder` counts.
 * @param paths as `listImages` gives them
 * @throws AssayError `usage` for an image outside a sub-folder, or in one that `classes` does not name
 */
export function folderClasses({ folders, classes }: FolderLabels, paths: readonly string[]): PlainArray {
  const names = paths.map((path) => {
    const [name, ...rest] = path.slice(folders.length + 1).split('/');
    if (name !== undefined && rest.length > 0) return name;
    throw new AssayError('usage', 'is in no sub-folder, and so has no class', {
      subject: path,
      hint: `move it to ${folders}/class/`,
    });
  });
  const known = classes ?? inByteOrder([...new Set(names)], (name) => name);
  const places = new Map(known.map((name, place) => [name, BigInt(place)]));
  const values = names.map((name, i) => {
    const place = places.get(name);
    if (place !== undefined) return place;
    throw new AssayError('usage', `is in the folder ${quotedName(name)}, which is not among the classes`, {
      subject: paths[i] ?? folders,
      hint: 'add it to `classes`',
    });
  });
  return { kind: 'integers', dims: [values.length], values: BigInt64Array.from(values) };
}

/**
 * Labels of a table in the order of the images.
 * @param key paths of images below their folder
 * @throws AssayError `usage` for an image without a label, or with two
 */
export function joinedLabels(
  labels: PlainArray,
  key: PlainArray,
  { folder, table }: { readonly folder: string; readonly table: string },
  paths: readonly string[],
): PlainArray {
  if (key.kind !== 'texts') throw new AssayError('usage', 'has no texts in the column of paths', { subject: table });
  const rows = new Map<string, number>();
  for (const [row, path] of key.values.entries()) {
    if (rows.has(path))
      throw new AssayError('usage', `has two labels for ${quotedName(path)}`, {
        subject: table,
        hint: 'leave one out',
      });
    rows.set(path, row);
  }
  const order = paths.map((path) => {
    const row = rows.get(path.slice(folder.length + 1));
    if (row !== undefined) return row;
    throw new AssayError('usage', `has no label for ${quotedName(path.slice(folder.length + 1))}`, {
      subject: table,
      hint: `give a row for each image, with its path below ${folder}`,
    });
  });
  return inOrder(labels, order);
}

function inOrder(array: PlainArray, order: readonly number[]): PlainArray {
  const [rows = 0, ...shape] = array.dims;
  const width = rows === 0 ? 0 : array.values.length / rows;
  const dims = [order.length, ...shape];
  const places = order.flatMap((row) => Array.from({ length: width }, (_, i) => row * width + i));
  switch (array.kind) {
    case 'texts':
      return { kind: 'texts', dims, values: places.map((place) => array.values[place] ?? '') };
    case 'integers':
      return { kind: 'integers', dims, values: BigInt64Array.from(places, (place) => array.values[place] ?? 0n) };
    case 'numbers':
      return { kind: 'numbers', dims, values: Float64Array.from(places, (place) => array.values[place] ?? 0) };
  }
}
