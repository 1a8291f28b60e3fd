import type { Collector } from './collector.ts';
import { isFields, own, step } from './own.ts';

type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'any' }
  | { readonly kind: 'each' }
  /** The value itself, and all values below it in nested lists of that name. */
  | { readonly kind: 'closure'; readonly name: string };

export interface Place {
  readonly value: unknown;
  readonly where: string;
}

/** How deep a `(name[])*` is followed. */
const MAX_CLOSURE = 32;

/** `spec.{a,b}Config[].*.x` and `graph.(children[])*.uri`: one pattern of the table, ready to be followed. */
export function compilePath(pattern: string): readonly Step[] {
  return pattern.split('.').flatMap((part): Step[] => {
    const closure = /^\((\w+)\[\]\)\*$/.exec(part)?.[1];
    if (closure !== undefined) return [{ kind: 'closure', name: closure }];
    const name = part.replace(/\[\]$/, '');
    const first: Step[] =
      name === '' ? [] : name === '*' ? [{ kind: 'any' }] : [{ kind: 'names', names: expandBraces(name) }];
    return part.endsWith('[]') ? [...first, { kind: 'each' }] : first;
  });
}

function expandBraces(name: string): readonly string[] {
  const [, before = '', inside, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  return inside === undefined ? [name] : inside.split(',').map((one) => before + one + after);
}

/** The values that a pattern leads to. */
export function followPath(steps: readonly Step[], from: Place, collector: Collector): readonly Place[] {
  let places: readonly Place[] = [from];
  for (const one of steps) {
    places = places.flatMap((place) => next(one, place, collector));
    if (places.length === 0) break;
  }
  return places;
}

function next(one: Step, { value, where }: Place, collector: Collector): readonly Place[] {
  switch (one.kind) {
    case 'names':
      return one.names.flatMap((name) => {
        const found = own(value, name);
        return found === undefined ? [] : [{ value: found, where: step(where, name) }];
      });
    case 'any':
      if (!isFields(value)) return [];
      return visited(Object.keys(value), where, collector, (name) => ({
        value: value[name],
        where: step(where, name),
      }));
    case 'each':
      if (!Array.isArray(value)) return [];
      return visited(value, where, collector, (item, index) => ({ value: item, where: step(where, index) }));
    case 'closure':
      return closure(one.name, { value, where }, collector);
  }
}

function visited<T>(
  items: readonly T[],
  where: string,
  collector: Collector,
  place: (item: T, index: number) => Place,
): readonly Place[] {
  return collector.visit(where, items.length) ? items.map(place) : [];
}

function closure(name: string, from: Place, collector: Collector): readonly Place[] {
  const all: Place[] = [from];
  let level: readonly Place[] = [from];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_CLOSURE) {
      collector.unresolved(from.where, `${name} are nested more than ${MAX_CLOSURE} deep`);
      break;
    }
    level = level.flatMap(({ value, where }) => {
      const list = own(value, name);
      if (!Array.isArray(list) || !collector.visit(where, list.length)) return [];
      return list.map((item, index) => ({ value: item, where: step(step(where, name), index) }));
    });
    all.push(...level);
  }
  return all;
}
