import { AssayError } from '../../core/index.ts';

/** The version of the rules in this program, raised with every change of rules, lists or contracts. */
export const RULESET_VERSION = '2026.11.7';

const VERSION = /^\d{1,9}(?:\.\d{1,9}){1,3}$/;

export function isRulesetVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * Negative when `a` is older than `b`, 0 when they are the same: compares the numbers between points; a missing number is 0.
 * @throws AssayError `internal` for what is not a version
 */
export function compareVersions(a: string, b: string): number {
  if (!VERSION.test(a) || !VERSION.test(b)) throw new AssayError('internal', `no versions: ${a}, ${b}`);
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < 4; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
