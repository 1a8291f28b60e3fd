import type { CurrentDecision } from '../api/index.ts';

const RANKS = { allow: 0, warn: 1, deny: 2 } as const;

/**
 * One answer for bytes that have several names: the worst of theirs. A retired name says nothing of the bytes, unless there is no
 * other. Of stages, those that any name is approved for; what bars the bytes is in every answer already.
 * @returns `undefined` for bytes that are not known
 */
export function combinedDecision(answers: readonly CurrentDecision[]): CurrentDecision | undefined {
  const standing = answers.filter(({ stage }) => stage !== 'retired');
  const counted = standing.length > 0 ? standing : answers;
  const [first, ...others] = counted;
  if (first === undefined) return undefined;
  const worst = others.reduce((bad, one) => (RANKS[one.action] > RANKS[bad.action] ? one : bad), first);
  const ends = counted.flatMap(({ notAfter }) => notAfter ?? []).sort();
  return {
    ...worst,
    pinned: [...new Set(counted.flatMap(({ pinned }) => pinned))].sort(),
    approvedFor: [...new Set(counted.flatMap(({ approvedFor }) => approvedFor))],
    notAfter: ends[0] ?? null,
    restsOn: worst.action === 'deny' ? [] : [...new Set(counted.flatMap(({ restsOn }) => restsOn ?? []))],
  };
}
