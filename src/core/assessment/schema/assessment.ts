import { array, countOf, DIGEST, nullable, object, oneOf, optionalOf, text } from '../../schema/index.ts';
import { FingerprintSchema } from './finding.ts';
import { texts } from './kit.ts';

export const ArtifactSchema = object(
  {
    ref: text('The reference as the user gave it, in canonical form.'),
    pinned: text('The reference with its commit, version or digest; equal to ref when the source has none (a path).'),
    digest: nullable(text('The digest over paths and digests of all files; null when a file has none.', DIGEST)),
  },
  'The artifact that was assessed.',
);

export const StatusSchema = oneOf(
  ['complete', 'incomplete'],
  '`incomplete` when part of the artifact was not scanned.',
);

export const CoverageRangeSchema = object({
  start: countOf('Offset of the first byte.'),
  end: countOf('Offset after the last byte.'),
  kind: oneOf(['parsed', 'opaque'], '`opaque`: the bytes were skipped on purpose.'),
  why: optionalOf(text('Why it is safe to skip opaque bytes.')),
});

export const CoverageGapsSchema = array(
  object({ start: countOf('Offset of the first byte.'), end: countOf('Offset after the last byte.') }),
  {
    description: 'Bytes that no scanner covered.',
  },
);

export const RiskSchema = object({
  status: oneOf(['pass', 'fail', 'partial', 'not-assessed', 'not-applicable']),
  evidence: oneOf(['direct', 'proxy', 'declared', 'none']),
  detail: text('The reason, as a sentence; for not-assessed, what would assess it.'),
  checks: texts('Ids of the checks that led to the status, or of those that would assess the risk.'),
  findings: array(FingerprintSchema),
});

export const RulesetSchema = object(
  { version: text('The version of the ruleset.'), digest: text('The digest of the ruleset: `sha256:<hex>`.', DIGEST) },
  'The rules, allowlists and allowances by which the artifact was judged.',
);

export const CachedSchema = object(
  {
    at: text('When the scan was made: ISO 8601, UTC.'),
    from: text('The version that it was made for: `model@number`.'),
    job: text('The job that made it.'),
  },
  'The earlier scan of the same bytes, by the same program, rules and options, whose result this is; absent when these bytes were scanned.',
);

export const StatsSchema = object({
  files: countOf('The number of files of the artifact.'),
  bytesTotal: countOf('The sum of their sizes.'),
  bytesRead: countOf('The number of bytes that were read or downloaded.'),
  durationMs: countOf('The elapsed time, in milliseconds.'),
});
