import { type FileAssessment, type Loader, type Reading, VERDICTS, type Verdict } from '../../core/assessment/index.ts';

/** Of which releases a reading is, where older ones read more. */
const SINCE: Partial<Readonly<Record<Loader, string>>> = {
  'torch-weights-only':
    'as of PyTorch 2.6 and zip files: earlier releases do more with tar files, and know other names (CVE-2025-32434)',
};

export function readingDetail({ loader }: Reading): string | undefined {
  return SINCE[loader];
}

/** The loaders by verdict, worst first. */
export function readingsByVerdict(readings: readonly Reading[]): [Verdict, readonly Loader[]][] {
  return [...VERDICTS]
    .reverse()
    .map((verdict): [Verdict, Loader[]] => [
      verdict,
      readings.filter((reading) => reading.verdict === verdict).map(({ loader }) => loader),
    ])
    .filter(([, loaders]) => loaders.length > 0);
}

/**
 * The verdicts of the loaders, in a line; `undefined` when all are the same.
 *
 * @example 'malicious for joblib, pickle.py; clean for pickle, torch'
 */
export function readingsLine({ readings }: FileAssessment): string | undefined {
  const groups = readingsByVerdict(readings);
  if (groups.length < 2) return undefined;
  return groups.map(([verdict, loaders]) => `${verdict} for ${loaders.join(', ')}`).join('; ');
}
