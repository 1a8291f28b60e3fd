import type { ListedGlobal } from '../../lists/index.ts';

/** By "module:class": methods that real models keep as values, bound to an instance of the class, or fetched from the class. */
const KEPT: Readonly<Record<string, string>> = {
  'builtins:str': 'capitalize casefold lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  '__builtin__:str': 'capitalize lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  '__builtin__:unicode': 'capitalize casefold lower lstrip rsplit rstrip split splitlines strip swapcase title upper',
  're:_compile': 'findall finditer fullmatch match search split sub',
  'gettext:NullTranslations': 'gettext ngettext',
  'numpy.random._pickle:__randomstate_ctor': 'normal rand randint randn random random_sample standard_normal uniform',
  'sklearn.linear_model._logistic:LogisticRegression': 'predict predict_proba decision_function',
};

const names: ReadonlySet<string> = new Set(
  Object.entries(KEPT).flatMap(([owner, methods]) => methods.split(' ').map((method) => `${owner}.${method}`)),
);

/** @param entry of the class, when it is on a list, which may say so itself */
export function isKeptMethod(
  owner: { readonly module: string; readonly name: string },
  method: string,
  entry: ListedGlobal | undefined,
): boolean {
  return names.has(`${owner.module}:${owner.name}.${method}`) || entry?.traits?.methods.has(method) === true;
}
