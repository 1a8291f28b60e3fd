import { readFileSync } from 'node:fs';

/** The statements, each a file beside this one: SQL that other engines can run, with the functions that `engine/dialect.ts` names. */
export const STATEMENTS = [
  'bands',
  'bursts',
  'categories',
  'conflicting-duplicates',
  'distinct-values',
  'future-values',
  'histogram',
  'hosts',
  'ids',
  'invisible-text',
  'label-counts',
  'leaked-examples',
  'leaked-rows',
  'mixed-script',
  'near-duplicates',
  'quantiles',
  'rows-per-day',
  'signatures',
  'source-labels',
  'sources',
  'split-view',
  'split-view-rows',
  'time-range',
] as const;

const read = new Map<string, string>();

/** A statement by the name of its file. */
export function statementNamed(name: (typeof STATEMENTS)[number]): string {
  const known = read.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8');
  read.set(name, text);
  return text;
}
