import { createRequire } from 'node:module';
import type { RE2JS } from '@bufbuild/re2';
import type { Budget } from './budget.ts';
import { Failure } from './values.ts';

/** CWE-1333: RE2 takes time in proportion to the text and to the pattern with its repetitions written out. */
const MAX_WEIGHT = 1_000;
const MAX_TEXT = 4_096;
/** What a millisecond within RE2 costs, when it takes one. */
const STEPS_PER_MS = 50_000;

type Pattern = Pick<RE2JS, 'test'>;
const compiled = new Map<string, Pattern | Failure>();
const MAX_COMPILED = 256;

/** Whether RE2 finds the pattern in the text. */
export function matchesPattern(text: string, pattern: string, budget: Budget): boolean | Failure {
  const found = compilePattern(pattern);
  if (found instanceof Failure) return found;
  if (text.length > MAX_TEXT)
    return new Failure(`a text of more than ${MAX_TEXT} characters is matched with a pattern`);
  budget.spend(text.length + pattern.length);
  const started = performance.now();
  const matches = found.test(text);
  const took = performance.now() - started;
  if (took > 1) budget.spend(took * STEPS_PER_MS);
  return matches;
}

/** The pattern ready for use, or what is wrong with it. */
export function compilePattern(pattern: string): Pattern | Failure {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = compileAnew(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function compileAnew(pattern: string): Pattern | Failure {
  if (weightOf(pattern) > MAX_WEIGHT) {
    return new Failure(`the pattern is too large: its length times its repetitions is more than ${MAX_WEIGHT}`);
  }
  try {
    return library().RE2JS.compile(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return new Failure(`the pattern is none of RE2: ${why}`);
  }
}

/** An upper bound of the program's size, near enough: the length times the largest product of counted repetitions. */
function weightOf(pattern: string): number {
  let product = 1;
  for (const [, least = '', most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    product *= Math.max(1, Number(most === undefined || most === '' ? least : most));
  }
  return pattern.length * product;
}

let loaded: typeof import('@bufbuild/re2') | undefined;

/** Few policies need it, and it takes a while to load. */
function library(): typeof import('@bufbuild/re2') {
  const load: (id: string) => typeof import('@bufbuild/re2') = createRequire(import.meta.url);
  loaded ??= load('@bufbuild/re2');
  return loaded;
}
