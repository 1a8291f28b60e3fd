import type { Assessment } from '../core/assessment/index.ts';
import { MAX_KEPT } from '../core/index.ts';
import { type Bindings, celLibrary, type Size, type ViewSizes } from './cel/index.ts';

/** The sizes for fields that are not measured: no list or text within the view is longer. */
const MOST_ITEMS = 100_000;
const LONGEST_TEXT = MAX_KEPT + 32;
const NOTHING: Size = { items: 0, most: 0, text: 0 };

/** How large the lists and texts of a view are. Fields of the two lists that may be long are measured when they are asked for. */
export function sizesOf(view: Bindings, { files, findings }: Assessment): ViewSizes {
  const known = new Map<string, Size>();
  const long: Readonly<Record<string, readonly object[]>> = { files, findings };
  const remembered = (key: string, measure: () => Size): Size => {
    const size = known.get(key) ?? measure();
    known.set(key, size);
    return size;
  };
  return {
    root: (name) => {
      const items = long[name]?.length ?? itemCount(view[name]);
      return { items, most: MOST_ITEMS, text: LONGEST_TEXT };
    },
    field: (root, field) =>
      remembered(`${root}.${field}`, () => {
        const items = long[root];
        return items === undefined ? smallField(view[root], field) : fieldOf(items, field);
      }),
  };
}

function itemCount(value: unknown): number {
  const { cel } = celLibrary();
  return cel.isCelList(value) || cel.isCelMap(value) ? value.size : 0;
}

/** Of one thing, or of each of a few: the largest. */
function smallField(value: unknown, field: string): Size {
  const { cel } = celLibrary();
  const things: readonly unknown[] = cel.isCelList(value) ? [...value] : [value];
  const counts = things.map((thing) => itemCount(cel.isCelMap(thing) ? thing.get(field) : undefined));
  const most = Math.max(0, ...counts);
  return { items: most, most, text: LONGEST_TEXT };
}

/** Of one field of many records. What the view adds to them (`waived`) is neither list nor text. */
function fieldOf(records: readonly object[], field: string): Size {
  let sum = 0;
  let most = 0;
  let text = 0;
  for (const record of records) {
    const value: unknown = Reflect.get(record, field);
    if (typeof value === 'string') text = Math.max(text, value.length);
    if (!Array.isArray(value)) continue;
    sum += value.length;
    most = Math.max(most, value.length);
    for (const item of value) if (typeof item === 'string') text = Math.max(text, item.length);
  }
  if (records.length === 0) return NOTHING;
  return { items: sum / records.length, most, text: Math.min(text, LONGEST_TEXT) };
}
