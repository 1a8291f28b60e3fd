import type { BaseIssue } from 'valibot';

export const CASE_GUIDE = 'assay policy test --help shows the format of test cases';
const KINDS: Readonly<Record<string, string>> = { Array: 'list', Object: 'mapping', string: 'text' };

/**
 * The fault of a case, in terms of its author: the library's message is about types.
 * @param path keys and indices that lead there
 */
export function caseProblem(
  { kind, type, expected, received, message }: BaseIssue<unknown>,
  path: readonly (string | number)[],
): { message: string; hint?: string } {
  const whole = placeOf(path);
  if (kind !== 'schema' || expected === null) return { message: `${whole} ${message}` };
  if (type === 'strict_object' && path.length > 0) {
    const [outer, key] = [placeOf(path.slice(0, -1)), path.at(-1)];
    if (expected === 'never') return { message: `${outer} has no ${key}`, hint: CASE_GUIDE };
    if (received === 'undefined') return { message: `${outer} lacks ${key}`, hint: CASE_GUIDE };
  }
  // Words that it may be are in quotes: ("allow" | "warn").
  if (expected.includes('"')) {
    const words = expected.replace(/[()"]/g, '').replaceAll(' | ', ', ');
    return { message: `${whole} is ${received.replaceAll('"', '')}`, hint: `use one of ${words}` };
  }
  return { message: `${whole} is not a valid ${KINDS[expected] ?? expected}`, hint: CASE_GUIDE };
}

/** `cases[0].expect` */
function placeOf(path: readonly (string | number)[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}
