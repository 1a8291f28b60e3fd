import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FoundReference, findReferences } from '../../src/references/index.ts';

/** A call in a published package, and the arguments according to Python's own parser. */
interface CallSite {
  readonly package: string;
  readonly version: string;
  readonly licence: string;
  readonly file: string;
  readonly line: number;
  readonly call: string;
  /** The line of the call in `code`. */
  readonly at: number;
  readonly code: string;
  readonly expect: { readonly kind: 'computed' } | { readonly kind: 'text'; readonly text: string };
  readonly held: boolean;
}

const FILE = new URL('../../fixtures/references/call-sites.json', import.meta.url);
const sites: readonly CallSite[] = JSON.parse(readFileSync(FILE, 'utf8'));

/** Whether a call is found at its line, with the name that it loads. */
function isFound(site: CallSite): boolean {
  return findReferences('excerpt.py', site.code).some((one) => one.line === site.at && tellsOf(one, site));
}

function tellsOf({ target }: FoundReference, { expect: expected }: CallSite): boolean {
  if (expected.kind === 'computed') return true;
  const { text } = expected;
  if (target.kind === 'local') return target.path === text;
  return (
    target.kind === 'named' &&
    target.reference.includes(text.replace(/^(?:hf|hf-hub|huggingface):\/*/, '').split('@')[0] ?? text)
  );
}

describe('the call sites of published packages', () => {
  it('are at least 300, each with its origin, half of them held back', () => {
    expect(sites.length).toBeGreaterThanOrEqual(300);
    expect(new Set(sites.map((site) => site.package)).size).toBeGreaterThanOrEqual(10);
    for (const site of sites)
      expect([site.version, site.licence, site.file].every((text) => text.length > 0)).toBe(true);
    const held = sites.filter((site) => site.held).length;
    expect(held / sites.length).toBeGreaterThan(0.4);
    expect(held / sites.length).toBeLessThan(0.6);
  });

  it.each([
    ['not held back', false],
    ['held back', true],
  ])('that are %s are found in at least 95 of 100 cases', (_, held) => {
    const own = sites.filter((site) => site.held === held);
    const missed = own.filter((site) => !isFound(site)).map((site) => `${site.package} ${site.file}:${site.line}`);
    expect(1 - missed.length / own.length, missed.join('\n')).toBeGreaterThanOrEqual(0.95);
  });
});
