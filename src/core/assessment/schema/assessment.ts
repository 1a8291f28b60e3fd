import { array, countOf, DIGEST, nullable, object, oneOf, optionalOf, text } from '../../schema/index.ts';
import { FingerprintSchema } from './finding.ts';
import { texts } from './kit.ts';

export const ArtifactSchema = object(
  {
    ref: text('As the user gave it, in canonical spelling.'),
    pinned: text('The same with its commit, version or digest; equal to ref when the source has none (a path).'),
    digest: nullable(text('Over paths and digests of all files; null when a file has none.', DIGEST)),
  },
  'What was assessed.',
);

export const StatusSchema = oneOf(
  ['complete', 'incomplete'],
  '`incomplete` when some of the artifact was not looked at.',
);

export const CoverageRangeSchema = object({
  start: countOf('First byte.'),
  end: countOf('Behind the last byte.'),
  kind: oneOf(['parsed', 'opaque'], '`opaque` bytes were skipped on purpose.'),
  why: optionalOf(text('Why it is safe not to look at opaque bytes.')),
});

export const CoverageGapsSchema = array(
  object({ start: countOf('First byte.'), end: countOf('Behind the last byte.') }),
  {
    description: 'Bytes that nothing was said about.',
  },
);

export const RiskSchema = object({
  status: oneOf(['pass', 'fail', 'partial', 'not-assessed', 'not-applicable']),
  evidence: oneOf(['direct', 'proxy', 'declared', 'none']),
  detail: text('Why, in a sentence; not-assessed says what would assess it.'),
  checks: texts('Ids of the checks it rests on, or of those that would assess it.'),
  findings: array(FingerprintSchema),
});

export const RulesetSchema = object(
  { version: text('Of the ruleset.'), digest: text('Of the ruleset: `sha256:<hex>`.', DIGEST) },
  'The rules, allowlists and allowances that judged.',
);

export const StatsSchema = object({
  files: countOf('Files of the artifact.'),
  bytesTotal: countOf('Their sizes together.'),
  bytesRead: countOf('Bytes that were read or fetched.'),
  durationMs: countOf('Wall clock, in milliseconds.'),
});
