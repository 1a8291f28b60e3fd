import {
  type Action,
  type FileAssessment,
  holdsUnjudgedCode,
  VERDICTS,
  type Verdict,
} from '../core/assessment/index.ts';
import type { RuleInfo } from './context.ts';
import { count } from './style.ts';

/** Worst verdict first, then by path. */
export function byVerdict(a: FileAssessment, b: FileAssessment): number {
  return VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

/** What follows "the file" and "3 of 5 files". */
const HEADLINES: Readonly<Record<Verdict, readonly [one: string, many: string]>> = {
  malicious: ['would run code or do harm when loaded', 'would run code or do harm when loaded'],
  unknown: [
    'could not be fully read, so it may contain anything',
    'could not be fully read, so they may contain anything',
  ],
  suspicious: ['uses something that no listed library writes', 'use something that no listed library writes'],
  'not-assessed': ['has a format that no scanner judges yet', 'have formats that no scanner judges yet'],
  clean: ['was fully read and contains nothing that runs', 'were fully read and contain nothing that runs'],
};

/** The worst verdict of the files of an artifact, in a line; under a denial never a line that reads as an approval. */
export function headline(files: readonly FileAssessment[], action: Action): string {
  const worst = [...files].sort(byVerdict)[0]?.verdict;
  if (worst === 'clean' && action === 'deny') {
    return `the policy denies it, although ${files.length === 1 ? 'the file is' : `all ${count(files.length, 'file')} are`} clean`;
  }
  if (worst === undefined) return 'no files were scanned';
  const share = files.filter((file) => file.verdict === worst).length;
  const [one, many] = HEADLINES[worst];
  const word = worst.replace('-', ' ');
  const code = worst === 'not-assessed' ? files.filter(holdsUnjudgedCode).length : 0;
  if (code > 0) return `${word}: ${codeShare(code, files.length)} that no scanner judged`;
  if (files.length === 1) return `${word}: the file ${one}`;
  if (share === files.length) return `${word}: all ${count(share, 'file')} ${many}`;
  return `${word}: ${share} of ${count(files.length, 'file')} ${share === 1 ? one : many}`;
}

/** `the file contains code`, `2 of 5 files contain code` */
function codeShare(code: number, all: number): string {
  if (all === 1) return 'the file contains code';
  if (code === all) return `all ${count(all, 'file')} contain code`;
  return `${code} of ${count(all, 'file')} ${code === 1 ? 'contains' : 'contain'} code`;
}

const MEANINGS: Readonly<Record<Verdict, string>> = {
  malicious: 'Loading this file would run code or do harm.',
  unknown: 'The unread bytes may contain anything. The file is not clean.',
  suspicious: 'No harm is proven; the file uses something that the ruleset does not list.',
  'not-assessed': 'The format is known, but no scanner judges it yet: its safety is unknown.',
  clean: 'The file was fully read and contains nothing that runs.',
};

const MAX_MEANING = 320;

/**
 * The consequence of loading the file: the first sentence of the explanation of the worst finding's rule says more than the
 * verdict.
 */
export function meaning(verdict: Verdict, rule: RuleInfo | undefined): string {
  const sentences = rule?.explanation.match(/\S.*?[.!?]+(?=\s|$)/gs) ?? [];
  const [first, second] = sentences.map((sentence) => sentence.trim());
  if (first === undefined) return MEANINGS[verdict];
  return second !== undefined && first.length + second.length < MAX_MEANING ? `${first} ${second}` : first;
}

/** What to do about a file that no finding explains. */
export const REMEDIES: Readonly<Record<Exclude<Verdict, 'clean'>, string>> = {
  malicious: 'Do not load it. Delete it, and inform its publisher.',
  unknown: 'Download it again, or use a copy in a format that can be read completely.',
  suspicious: 'Ask its publisher, or use a copy in a safer format.',
  'not-assessed': 'Review it by hand, or use a copy in a format that is judged (safetensors).',
};

/** `NOT ASSESSED` */
export function verdictLabel(verdict: Verdict): string {
  return verdict.replace('-', ' ').toUpperCase();
}

/** `: 1 malicious, 2 clean`, worst first; empty without files. */
export function verdictCounts(files: readonly FileAssessment[]): string {
  const counts = [...VERDICTS].reverse().flatMap((verdict) => {
    const n = files.filter((file) => file.verdict === verdict).length;
    return n === 0 ? [] : [`${n} ${verdict.replace('-', ' ')}`];
  });
  return counts.length > 0 ? `: ${counts.join(', ')}` : '';
}
