import { COLLECTIONS } from './collections.ts';
import { NUMBERS } from './numbers.ts';
import type { Overload } from './overload.ts';
import { TEXTS } from './texts.ts';
import { TIMES } from './times.ts';

const BY_NAME = new Map<string, Overload[]>();
for (const overload of [...COLLECTIONS, ...NUMBERS, ...TEXTS, ...TIMES]) {
  const key = keyFor(overload.style, overload.name);
  const known = BY_NAME.get(key);
  if (known === undefined) BY_NAME.set(key, [overload]);
  else known.push(overload);
}

/** Every way to call a function or an operator; empty when there is none of that name. */
export function overloadsOf(style: Overload['style'], name: string): readonly Overload[] {
  return BY_NAME.get(keyFor(style, name)) ?? [];
}

/** Names that people may write, operators left out. */
export function functionNames(style: Overload['style']): string[] {
  const prefix = keyFor(style, '');
  return [...BY_NAME.keys()].flatMap((key) =>
    /^\w+ \w+$/.test(key) && key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
}

function keyFor(style: Overload['style'], name: string): string {
  return `${style} ${name}`;
}
