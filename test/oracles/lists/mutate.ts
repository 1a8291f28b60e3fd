import type { Random } from '../../support/pickle-programs.ts';
import { below, type Container, copyOf, leaf, type Node, nodesOf, type Step } from './tree.ts';
import { isArray, type Values } from './values.ts';

/** Changes some places of a tree; it still makes a well-formed pickle. */
export function mutateTree(root: Node, random: Random, values: Values, changes: number): Node {
  const copy = copyOf(root);
  const holder: Container = { kind: 'list', items: [copy] };
  for (let i = 0; i < changes; i++) change(holder, random, values);
  return holder.items[0] ?? copy;
}

function change(root: Container, random: Random, values: Values): void {
  const nodes = nodesOf(root);
  const arrays = random.chance(0.35) ? nodes.filter(isArray) : [];
  const array = arrays[random.below(Math.max(1, arrays.length))];
  const parents = nodes.filter((node) => below(node).length > 0);
  const parent = parents[random.below(parents.length)];
  if (array !== undefined) changeArray(array, random, values);
  else if (parent !== undefined) changeOne(parent, nodes, random, values);
}

function changeOne(parent: Node, nodes: readonly Node[], random: Random, values: Values): void {
  const places = placesOf(parent);
  const place = places[random.below(places.length)];
  if (place === undefined) return;
  const kind = random.below(10);
  if (kind === 0) place.set(values.any());
  else if (kind === 1) {
    if ('items' in parent) parent.items.splice(random.below(parent.items.length), parent.kind === 'dict' ? 2 : 1);
  } else if (kind === 2) {
    if ('items' in parent && parent.kind !== 'dict') parent.items.push(values.any(1));
  } else if (kind === 3) {
    // A value from another place of the same file; the first node is the whole file.
    const other = nodes[1 + random.below(nodes.length - 1)];
    if (other !== undefined) place.set(copyOf(other));
  } else if (kind === 4) place.set(values.sample());
  else place.set(near(place.get(), random, values));
}

/** A value of the same kind if there is one: a type check accepts it. */
function near(node: Node, random: Random, values: Values): Node {
  if (node.kind !== 'leaf') return random.chance(0.3) ? values.any(2) : node;
  if (typeof node.value === 'bigint' && random.chance(0.7)) {
    const shift = random.pick([-1n, 1n, 2n, 100n, 1n << 20n, 1n << 31n, 1n << 40n, 1n << 62n] as const);
    return leaf(random.chance(0.5) ? node.value + shift : random.chance(0.5) ? -node.value - 1n : node.value * shift);
  }
  if (node.value instanceof Uint8Array && random.chance(0.8)) return leaf(changedBytes(node.value, random));
  return values.scalar();
}

function changedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let left = 1 + random.below(8); left > 0 && copy.length > 0; left--)
    copy[random.below(copy.length)] = random.pick([0, 1, 127, 128, 255, 2, 64]);
  return copy;
}

function changeArray(array: Node & { kind: 'made' }, random: Random, values: Values): void {
  const state = array.steps[0]?.items[0];
  if (state?.kind !== 'tuple') return;
  const content = state.items.length - 1;
  const bytes = state.items[content];
  if (random.chance(0.6) && bytes?.kind === 'leaf' && bytes.value instanceof Uint8Array) {
    state.items[content] = leaf(
      random.chance(0.7) ? words(bytes.value, random, values) : changedBytes(bytes.value, random),
    );
    return;
  }
  const other = values.array(3);
  if (other.kind === 'made') array.steps[0] = other.steps[0] as Step;
}

/** Replaces whole elements of four or eight bytes by numbers that are invalid as indexes. */
function words(bytes: Uint8Array, random: Random, values: Values): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const width = random.chance(0.6) ? 8 : 4;
  for (let left = 1 + random.below(4); left > 0 && copy.length >= width; left--)
    copy.set(values.numbers(`i${width}`, 1), width * random.below(Math.floor(copy.length / width)));
  return copy;
}

interface Place {
  get(): Node;
  set(node: Node): void;
}

function placesOf(parent: Node): Place[] {
  if (parent.kind === 'leaf' || parent.kind === 'name') return [];
  if (parent.kind === 'persistent')
    return [
      placeOf(
        () => parent.id,
        (node) => Object.assign(parent, { id: node }),
      ),
    ];
  if (parent.kind !== 'made') return placesIn(parent.items);
  // The callee stays the same: another callee is another entry, which is composed from its own samples.
  const args = placeOf(
    () => parent.args,
    (node) => node.kind === 'tuple' && Object.assign(parent, { args: node }),
  );
  return [args, ...parent.steps.flatMap((step) => placesIn(step.items))];
}

function placeOf(get: () => Node, set: (node: Node) => unknown): Place {
  return { get, set: (node) => void set(node) };
}

function placesIn(items: Node[]): Place[] {
  return items.map((_, i) =>
    placeOf(
      () => items[i] ?? leaf(null),
      (node) => items.splice(i, 1, node),
    ),
  );
}
