/** What a function that rebuilds code by value makes. */
export type Maker =
  /** A type of Python's own, by its name. */
  | 'type'
  | 'code'
  | 'function'
  | 'class'
  | 'cell'
  /** Fills a function or a class that was made before. */
  | 'filler'
  /** A module: imported by its name. */
  | 'import'
  /** A constant. */
  | 'constant';

/** Of cloudpickle 0.5 to 3.1 (cloudpickle/cloudpickle.py, cloudpickle_fast.py). */
const CLOUDPICKLE: Readonly<Record<string, Maker>> = {
  _builtin_type: 'type',
  _make_function: 'function',
  _make_skel_func: 'function',
  _make_skeleton_class: 'class',
  _make_empty_cell: 'cell',
  _make_cell: 'cell',
  _function_setstate: 'filler',
  _class_setstate: 'filler',
  _fill_function: 'filler',
  _rehydrate_skeleton_class: 'filler',
  subimport: 'import',
  _gen_ellipsis: 'constant',
  _gen_not_implemented: 'constant',
  _empty_cell_value: 'constant',
};

/** Of dill 0.2 to 0.4 (dill/_dill.py). */
const DILL: Readonly<Record<string, Maker>> = {
  _create_function: 'function',
  _create_code: 'code',
  _create_type: 'class',
  _create_cell: 'cell',
  _import_module: 'import',
};

const TYPES: Readonly<Record<string, Maker>> = {
  CodeType: 'code',
  FunctionType: 'function',
  LambdaType: 'function',
  CellType: 'cell',
  ClassType: 'class',
  TypeType: 'class',
  type: 'class',
};

const CLOUDPICKLE_MODULE = /^(?:joblib\.externals\.)?cloudpickle(?:\.cloudpickle(?:_fast)?)?$/;

/** What a global makes from code by value. */
export function makerOf({ module, name }: { readonly module: string; readonly name: string }): Maker | undefined {
  if (CLOUDPICKLE_MODULE.test(module)) return own(CLOUDPICKLE, name);
  if (module === 'dill._dill' || module === 'dill.dill') return own(DILL, name);
  return module === 'types' && /^(?:CodeType|FunctionType|LambdaType|CellType)$/.test(name)
    ? own(TYPES, name)
    : undefined;
}

/** What calling a type of Python makes, by the name that `types` or dill has for it. */
export function makerOfType(name: string | undefined): Maker | undefined {
  return name === undefined ? undefined : own(TYPES, name);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
