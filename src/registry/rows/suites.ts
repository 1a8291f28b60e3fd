import type { RequiredSuite } from '../../core/behavior/index.ts';

/** A suite as a column holds it: empty for none. */
export function suiteText(suite: RequiredSuite | null): string {
  return suite === null ? '' : JSON.stringify({ name: suite.name, digest: suite.digest });
}

export function suiteIn({ suite }: { readonly suite: string }): RequiredSuite | null {
  return suite === '' ? null : (JSON.parse(suite) as RequiredSuite);
}
