import { type FileAssessment, holdsUnjudgedCode, VERDICTS, type Verdict } from '../core/assessment/index.ts';
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
    'could not be fully read, so nothing vouches for it',
    'could not be fully read, so nothing vouches for them',
  ],
  suspicious: ['does what listed model files do not', 'do what listed model files do not'],
  'not-assessed': ['is of a format that no scanner judges yet', 'are of formats that no scanner judges yet'],
  clean: ['was read to the end and holds nothing that runs', 'were read to the end and hold nothing that runs'],
};

/** The worst that is known of the files of an artifact, in a line. */
export function headline(files: readonly FileAssessment[]): string {
  const worst = [...files].sort(byVerdict)[0]?.verdict;
  if (worst === undefined) return 'nothing was scanned, so nothing is known';
  const share = files.filter((file) => file.verdict === worst).length;
  const [one, many] = HEADLINES[worst];
  const word = worst.replace('-', ' ');
  const code = worst === 'not-assessed' ? files.filter(holdsUnjudgedCode).length : 0;
  if (code > 0) return `${word}: ${codeShare(code, files.length)} that no scanner judged`;
  if (files.length === 1) return `${word}: the file ${one}`;
  if (share === files.length) return `${word}: all ${count(share, 'file')} ${many}`;
  return `${word}: ${share} of ${count(files.length, 'file')} ${share === 1 ? one : many}`;
}

/** `the file holds code`, `2 of 5 files hold code` */
function codeShare(code: number, all: number): string {
  if (all === 1) return 'the file holds code';
  if (code === all) return `all ${count(all, 'file')} hold code`;
  return `${code} of ${count(all, 'file')} ${code === 1 ? 'holds' : 'hold'} code`;
}

const MEANINGS: Readonly<Record<Verdict, string>> = {
  malicious: 'Loading this file would run code or do harm.',
  unknown: 'What could not be read may hold anything. It is not clean.',
  suspicious: 'Nothing harmful is proved; the file does what the ruleset does not list.',
  'not-assessed': 'The format is known, and no scanner judges it yet: nothing is known of its safety.',
  clean: 'The whole file was read and holds nothing that runs.',
};

const MAX_MEANING = 320;

/** The consequence for whoever loads the file: the start of what the worst finding's rule explains says more than the verdict. */
export function meaning(verdict: Verdict, rule: RuleInfo | undefined): string {
  const sentences = rule?.explanation.match(/\S.*?[.!?]+(?=\s|$)/gs) ?? [];
  const [first, second] = sentences.map((sentence) => sentence.trim());
  if (first === undefined) return MEANINGS[verdict];
  return second !== undefined && first.length + second.length < MAX_MEANING ? `${first} ${second}` : first;
}

/** What to do about a file that no finding explains. */
export const REMEDIES: Readonly<Record<Exclude<Verdict, 'clean'>, string>> = {
  malicious: 'Do not load it. Delete it, and tell its publisher.',
  unknown: 'Download it again, or use a copy in a format that can be read to the end.',
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
