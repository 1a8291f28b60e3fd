import { readFileSync } from 'node:fs';
import type { LoaderAdvisories, LoaderAdvisory } from './read.ts';

let shipped: LoaderAdvisories | undefined;

/** The list of this program. A test holds it against the schema, so that a scan need not load one. */
export function shippedAdvisories(): LoaderAdvisories {
  if (shipped === undefined) {
    const text = readFileSync(new URL('./loader-advisories.json', import.meta.url), 'utf8');
    const { advisories }: { readonly advisories: readonly LoaderAdvisory[] } = JSON.parse(text);
    shipped = { entries: advisories, digest: undefined };
  }
  return shipped;
}
