import type { CelValue } from '@bufbuild/cel';
import type { Size, Sizes } from './cel/bounds.ts';
import type { Bindings } from './cel/evaluate.ts';
import { celLibrary } from './cel-library.ts';

const NOTHING: Size = { items: 0, most: 0, text: 0 };

/** How large the lists and texts of a view are; each is measured when it is asked for, once. */
export function sizesOf(view: Bindings): Sizes {
  const known = new Map<string, Size>();
  const remembered = (key: string, measure: () => Size): Size => {
    const size = known.get(key) ?? measure();
    known.set(key, size);
    return size;
  };
  return {
    root: (name) => remembered(name, () => measured(view[name])),
    field: (root, field) => remembered(`${root}.${field}`, () => fieldSize(itemsOf(view[root]), field)),
  };
}

function measured(value: unknown): Size {
  const { cel } = celLibrary();
  if (typeof value === 'string') return { ...NOTHING, text: value.length };
  if (cel.isCelList(value)) return { ...widest([...value].map(measured)), items: value.size };
  if (cel.isCelMap(value)) return { ...widest([...value.values()].map(measured)), items: value.size };
  return NOTHING;
}

/** Of several values: the largest list and the longest text in any. */
function widest(sizes: readonly Size[]): Size {
  let most = 0;
  let text = 0;
  for (const size of sizes) {
    most = Math.max(most, size.items, size.most);
    text = Math.max(text, size.text);
  }
  return { items: 0, most, text };
}

function itemsOf(value: unknown): readonly CelValue[] {
  const { cel } = celLibrary();
  return cel.isCelList(value) ? [...value] : cel.isCelMap(value) ? [value] : [];
}

function fieldSize(items: readonly CelValue[], field: string): Size {
  const { cel } = celLibrary();
  const sizes = items.map((item) => measured(cel.isCelMap(item) ? item.get(field) : undefined));
  const { most, text } = widest(sizes);
  const sum = sizes.reduce((all, size) => all + size.items, 0);
  return { items: sizes.length === 0 ? 0 : sum / sizes.length, most, text };
}
