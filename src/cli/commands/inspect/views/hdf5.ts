import { MemorySource } from '../../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, isContentError } from '../../../../core/index.ts';
import { Hdf5File, type Hdf5Object, type Hdf5Type } from '../../../../formats/hdf5/index.ts';
import { count } from '../../../../report/index.ts';
import { showKerasConfig } from './keras.ts';
import { type FormatView, type ShownTensor, tensorLine, tensorSum } from './listing.ts';

/** Groups and datasets that are looked at, and names in a path. */
const MAX_OBJECTS = 20_000;
const MAX_DEPTH = 64;
/** The architecture of a model of Keras 1 and 2. */
const KERAS_CONFIG = 'model_config';

interface Tree {
  groups: number;
  attributes: number;
  readonly datasets: ShownTensor[];
  /** Links that lead elsewhere, and what could not be read. */
  readonly odd: string[];
}

/** The tree of a file: groups, datasets with their types and shapes, links to other places; and the attributes of the root. */
export const showHdf5: FormatView = async (source, listing, budget) => {
  const file = await Hdf5File.open(source, { limits: DEFAULT_LIMITS, budget });
  const tree: Tree = { groups: 0, attributes: 0, datasets: [], odd: [] };
  const root = await file.root();
  await walk(file, root, tree);
  listing.line(
    count(tree.groups, 'group'),
    count(tree.datasets.length, 'dataset'),
    ...tensorSum(tree.datasets),
    count(tree.attributes, 'attribute'),
  );
  listing.list('attributes of the root', await attributeLines(file, root));
  listing.list('datasets', tree.datasets.map(tensorLine));
  listing.list('elsewhere', tree.odd);
  const config = root.attributes.get(KERAS_CONFIG);
  if (config === undefined) return;
  const [text = ''] = await file.texts(config);
  await showKerasConfig(new MemorySource(Buffer.from(text), KERAS_CONFIG), listing, budget);
};

async function walk(file: Hdf5File, root: Hdf5Object, tree: Tree): Promise<void> {
  const open: { readonly object: Hdf5Object; readonly depth: number }[] = [{ object: root, depth: 0 }];
  const seen = new Set<number>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { object, depth } = next;
    tree.attributes += object.attributes.size;
    if (object.dataset !== undefined) {
      const { type, shape, length } = object.dataset;
      tree.datasets.push({ name: object.path, type: typeName(type), shape, bytes: length });
      continue;
    }
    tree.groups++;
    for (const [name, link] of [...object.links].reverse()) {
      const path = object.path === '/' ? `/${name}` : `${object.path}/${name}`;
      if (link.kind !== 'hard') tree.odd.push(`${path} · ${link.kind} link`);
      else if (seen.has(link.address) || depth >= MAX_DEPTH || seen.size >= MAX_OBJECTS)
        tree.odd.push(
          `${path} · not followed: ${seen.has(link.address) ? 'it was shown before' : 'there is too much'}`,
        );
      else {
        seen.add(link.address);
        const child = await readOrSay(file, link.address, path, tree);
        if (child !== undefined) open.push({ object: child, depth: depth + 1 });
      }
    }
  }
}

async function readOrSay(file: Hdf5File, address: number, path: string, tree: Tree): Promise<Hdf5Object | undefined> {
  try {
    return await file.at(address, path);
  } catch (error) {
    if (!isContentError(error)) throw error;
    tree.odd.push(`${path} · not read: ${error.message}`);
    return undefined;
  }
}

async function attributeLines(file: Hdf5File, { attributes }: Hdf5Object): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, attribute] of attributes) {
    if (name === KERAS_CONFIG) continue;
    try {
      lines.push(`${name}: ${(await file.texts(attribute)).join(', ')}`);
    } catch (error) {
      if (!isContentError(error)) throw error;
      lines.push(name);
    }
  }
  return lines;
}

function typeName(type: Hdf5Type): string {
  if (type.kind === 'other') return type.name;
  if (type.kind === 'text' || type.kind === 'long-text') return 'text';
  return type.kind === 'bool' ? 'bool' : `${type.kind}${8 * type.size}`;
}
