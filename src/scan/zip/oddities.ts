import type { ZipOddity } from '../../formats/zip/index.ts';

/** What a finding about a directory says. The subject is part of fingerprints: it never changes. */
export function zipOddity(oddity: ZipOddity): { readonly subject: string; readonly message: string } {
  if (oddity.kind !== 'count') return same(TEXTS[oddity.kind]);
  return same(`the end record counts ${oddity.counted} members, the directory lists ${oddity.listed}`);
}

const TEXTS: Readonly<Record<Exclude<ZipOddity['kind'], 'count'>, string>> = {
  rivals: 'more than one end record leads to a directory',
  'end-apart': 'the end record does not follow the directory',
  'no-entry': 'the directory holds something that is not an entry',
  part: 'it is one part of several',
  zip64: 'the zip64 end record contradicts the other',
};

function same(subject: string) {
  return { subject, message: `The zip directory is odd: ${subject}.` };
}
