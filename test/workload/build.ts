/** Objects with a value at a pattern of the table, one for each of its alternatives. */
export function objectsAt(pattern: string, value: unknown): readonly Record<string, unknown>[] {
  return alternatives(pattern).map((path) => Object(nest(path.split('.'), value)));
}

/** A pattern of the table without braces: one for each alternative. */
export function alternatives(pattern: string): readonly string[] {
  const [, before = '', inside, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
  return inside === undefined ? [pattern] : inside.split(',').flatMap((one) => alternatives(before + one + after));
}

function nest(parts: readonly string[], value: unknown): unknown {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  const inner = nest(rest, value);
  const closure = /^\((\w+)\[\]\)\*$/.exec(part)?.[1];
  if (closure !== undefined) return { [closure]: [{ [closure]: [inner] }] };
  const name = part.replace('[]', '');
  return { [name === '*' ? 'Worker' : name]: part.endsWith('[]') ? [inner] : inner };
}

export function kindOf(group: string, kind: string): { apiVersion: string; kind: string } {
  return { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind };
}

/** A Pod with one container. */
export function podOf(container: object, spec: object = {}): unknown {
  return { ...kindOf('', 'Pod'), spec: { containers: [{ name: 'c', image: 'acme/program', ...container }], ...spec } };
}
