import { dangerOf } from './dangerous.ts';

/** Names that make code, or call what they are given: one that is allowed allows everything. */
const MAKERS: Readonly<Record<string, string>> = {
  types: 'CodeType FunctionType LambdaType MethodType ModuleType BuiltinFunctionType coroutine new_class',
  builtins:
    'getattr setattr delattr eval exec compile __import__ type map filter super property classmethod vars globals locals',
  functools: 'partial partialmethod reduce singledispatch cmp_to_key wraps update_wrapper lru_cache cached_property',
  operator: 'attrgetter itemgetter methodcaller call getitem setitem',
  copyreg: '__newobj__ __newobj_ex__ _reconstructor pickle add_extension constructor',
  collections: 'defaultdict namedtuple',
};
const SAME: Readonly<Record<string, string>> = { __builtin__: 'builtins', _operator: 'operator', copy_reg: 'copyreg' };
const PACKAGES =
  /^(?:cloudpickle|dill|cloudpickle_fast|joblib\.externals\.cloudpickle|pyspark\.cloudpickle|ray\.cloudpickle)(?:\.|$)/;

/** Why an organisation cannot allow a name, in words that follow "which"; `undefined` when it can. */
export function whyRefused(module: string, name: string): string | undefined {
  const home = SAME[module] ?? module;
  const [first = ''] = name.split('.');
  const makes = Object.hasOwn(MAKERS, home) && MAKERS[home]?.split(' ').includes(first) === true;
  if (makes || PACKAGES.test(module)) return 'makes code, or calls what the file hands to it';
  return dangerOf(module, name);
}
