/** Names that Python keeps for itself. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import ' +
    'in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}_]*$/u;

/**
 * Names of inputs that TensorFlow loads: in Python, each becomes the name of a parameter, and neither two that are alike then nor a
 * keyword of Python can be loaded.
 */
export class InputNames {
  readonly #parameters = new Set<string>();
  readonly #renamed: [name: string, original: string][] = [];

  /** The name itself, where it can be loaded; else one that is made from it. */
  add(name: string): string {
    const base = IDENTIFIER.test(parameterOf(name)) ? name : name.replace(/[^A-Za-z0-9_]/g, '_');
    let free = KEYWORDS.has(base) ? `${base}_` : base;
    for (let count = 2; this.#parameters.has(parameterOf(free)); count++) free = `${base}_${count}`;
    this.#parameters.add(parameterOf(free));
    if (free !== name) this.#renamed.push([free, name]);
    return free;
  }

  /** The names that were changed, with those that they were before. */
  get renamed(): readonly (readonly [name: string, original: string])[] {
    return this.#renamed;
  }
}

/** What TensorFlow makes of a name (`sanitize_arg_name`): Python's `isalnum` takes letters and digits of all scripts. */
function parameterOf(name: string): string {
  const swapped = name.replace(/[^\p{L}\p{N}]/gu, '_');
  return /^\p{L}/u.test(swapped) ? swapped : `arg_${swapped}`;
}
