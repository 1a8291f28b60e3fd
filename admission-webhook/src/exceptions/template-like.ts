import { own, ownList, ownText } from '../../../src/workload/index.ts';
import type { ToldPattern } from '../../../src/workload/posture/exceptions/index.ts';
import { EXCEPTION_TEMPLATES, type ExceptionTemplate } from './templates/index.ts';

/**
 * The shipped template whose command and arguments (or variables, where it has neither) a container has, whatever stands for its parameters: a hint for a person, who writes
 * an exception with it. It decides nothing.
 */
export function templateLike(container: unknown): string | undefined {
  const [command, args] = [own(container, 'command'), own(container, 'args')];
  const names = ownList(container, 'env').map((entry) => ownText(entry, 'name') ?? '');
  const isTold = ({ told }: ExceptionTemplate) =>
    told.some((one) => {
      if (one.command === null && one.args === null && !areVariables(one, names)) return false;
      return isLike(one.command, command) && isLike(one.args, args);
    });
  return EXCEPTION_TEMPLATES.find(isTold)?.id;
}

/** What is told nothing but variables is known by them. */
function areVariables({ env }: ToldPattern, names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => env.some((one) => one.name === name));
}

const ALONE = /^\{=[a-z0-9-]+\}$/;

function isLike(patterns: readonly string[] | null, words: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(words) ? words : [];
  const rest = patterns?.at(-1);
  // A parameter at the end may be any number of words.
  const isOpen = rest !== undefined && ALONE.test(rest) && all.length >= (patterns?.length ?? 0) - 1;
  if (!isOpen && all.length !== (patterns?.length ?? 0)) return false;
  return (patterns ?? []).every((pattern, at) => (isOpen && ALONE.test(pattern)) || wordIsLike(pattern, all[at]));
}

/** Its texts stand in it one after the other, whatever is in its holes: each is looked for once. */
function wordIsLike(pattern: string, word: unknown): boolean {
  if (typeof word !== 'string') return false;
  const [first = '', ...more] = pattern.split(/\{=?[a-z][a-z0-9:-]*\}/);
  const last = more.pop();
  if (last === undefined) return word === first;
  let at = word.startsWith(first) ? first.length : -1;
  for (const text of more) {
    if (at < 0) return false;
    const found = word.indexOf(text, at);
    at = found < 0 ? -1 : found + text.length;
  }
  return at >= 0 && word.length >= at + last.length && word.endsWith(last);
}
