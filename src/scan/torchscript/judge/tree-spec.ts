import type { GlobalPolicy } from '../../lists/index.ts';

/** Something about a tree of values that PyTorch imports to rebuild it. */
export interface TreeOddity {
  readonly what: string;
  readonly dangerous: boolean;
}

/** Types whose trees are rebuilt without an import (torch/utils/_pytree.py). */
const TYPES: ReadonlySet<string> = new Set([
  'builtins.tuple',
  'builtins.list',
  'builtins.dict',
  'collections.OrderedDict',
  'collections.deque',
  'torch.fx.immutable_collections.immutable_list',
  'torch.fx.immutable_collections.immutable_dict',
]);
const FACTORIES: ReadonlySet<string> = new Set(['list', 'dict', 'set', 'tuple', 'int', 'float', 'str', 'bool']);
const MAX_LENGTH = 4 * 1024 * 1024;
const MAX_DEPTH = 200;

/** Looks at a tree of values that is written as JSON within a text: `[1, {"type": "builtins.tuple", "context": "null", ...}]`. */
export function judgeTreeSpec(text: string, globals: GlobalPolicy): TreeOddity[] {
  let tree: unknown;
  try {
    if (text.length > MAX_LENGTH) throw new RangeError();
    tree = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return [{ what: 'cannot be read', dangerous: false }];
  }
  const found: TreeOddity[] = [];
  walk(tree, 0, { globals, say: (what, dangerous) => found.length < 100 && found.push({ what, dangerous }) });
  return found;
}

interface Walk {
  readonly globals: GlobalPolicy;
  say(what: string, dangerous: boolean): void;
}

function walk(value: unknown, depth: number, by: Walk): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) {
    by.say(`is nested deeper than ${MAX_DEPTH}`, false);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) walk(item, depth + 1, by);
    return;
  }
  const held = value as Readonly<Record<string, unknown>>;
  const { type, context } = held;
  if (type === 'collections.defaultdict') factory(context, by);
  else if (typeof type === 'string' && !TYPES.has(type)) by.say(`has the type ${type.slice(0, 200)}`, false);
  // The keys of a dict that are not text name the module of their class.
  else if (JSON.stringify(context ?? null).includes('{')) by.say('names the class of a key, which is imported', false);
  walk(held.children_spec, depth + 1, by);
}

/** What makes the values of a defaultdict is imported by its name. */
function factory(context: unknown, { globals, say }: Walk): void {
  const held = typeof context === 'string' ? parsed(context) : context;
  const { default_factory_module: module, default_factory_name: name } = (held ?? {}) as Record<string, unknown>;
  if (module === 'builtins' && typeof name === 'string' && FACTORIES.has(name)) return;
  const known = typeof module === 'string' && typeof name === 'string';
  const standing = known ? globals.standing({ module, name, mapped: false }) : undefined;
  const path = known ? `${module}.${name}`.slice(0, 200) : 'a name that is not text';
  if (standing?.kind === 'dangerous') say(`imports ${path}, which ${standing.danger}`, true);
  else say(`imports ${path}`, false);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
