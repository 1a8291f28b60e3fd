import type { Entry, YamlSource } from '../../../src/policy/index.ts';
import { type Baseline, EMPTY_BASELINE } from '../baseline.ts';
import { readEnd } from './read-end.ts';

/** CWE-770: Pod templates of a large cluster. */
const MAX_TEMPLATES = 20_000;
const KEYS = ['owner', 'reason', 'expires', 'templates'];

/** Reads `spec.baseline`. What is wrong is reported to the source, with its place. */
export function readBaseline(source: YamlSource, entry: Entry | undefined): Baseline {
  const fields = entry && source.mapping(entry.value, 'baseline', KEYS, entry.at);
  if (entry === undefined || fields === undefined) return EMPTY_BASELINE;
  for (const key of KEYS) if (!fields.has(key)) source.report(entry.at, `the baseline lacks ${key}`);
  const [owner, reason] = ['owner', 'reason'].map((key) => {
    const field = fields.get(key);
    return field && source.text(field);
  });
  const expires = readEnd(source, fields.get('expires'));
  const templates = source.list(fields.get('templates'), MAX_TEMPLATES).flatMap((node) => {
    const text = source.textOf(node, 'an item of templates');
    if (text === undefined || /^[0-9a-f]{64}$/.test(text)) return text ?? [];
    return (
      source.report(
        source.positionOf(node),
        `${text} is not a digest`,
        'let assay admit --audit --baseline write it',
      ) ?? []
    );
  });
  if (owner === undefined || reason === undefined || expires === undefined) return EMPTY_BASELINE;
  return { owner, reason, expires, templates: new Set(templates) };
}
