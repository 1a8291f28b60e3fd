import type { FileAssessment } from '../../core/assessment/index.ts';
import { humanBytes } from '../style.ts';
import { allChecks } from './checks.ts';
import { type Html, type HtmlValue, html, NOTHING } from './html.ts';
import { bulletList, chip, code, type Section, told } from './parts.ts';
import type { Review } from './review.ts';
import { CHECK_STATUSES, VERDICT_WORDS } from './words.ts';

/** Things of one kind that are listed; the rest are counted. */
const MAX_LISTED = 100;
/** Reasons given for one file. */
const MAX_REASONS = 5;

/** Everything that this review does not cover. */
export function unseenSection(review: Review): Section {
  const { files, signatures, notes } = review.assessment;
  const open = allChecks(review).filter(({ status }) => status === 'not-assessed' || status === 'error');
  const parts = [
    part('Files that could not be judged', files.filter(isUnjudged), unjudgedFile),
    part(
      'Bytes that were not read',
      files.filter(({ coverage }) => coverage.gaps.length > 0),
      unreadFile,
    ),
    part(
      'Digests that were not computed',
      files.filter(({ digestBasis }) => digestBasis !== 'computed'),
      undigestedFile,
    ),
    part(
      'Signatures that were not verified',
      signatures.filter(({ status }) => status === 'not-assessed'),
      ({ signature, detail }) => html`${code(signature)}: ${told(detail)}`,
    ),
    part(
      'Files without a signature',
      signatures.flatMap(({ uncovered }) => uncovered),
      ({ path }) => code(path),
    ),
    part(
      'Checks without a result',
      open,
      ({ id, status, detail }) => html`${chip(CHECK_STATUSES[status])} ${code(id)}: ${told(detail)}`,
    ),
    part('Notes of the scan', notes, told),
  ];
  const body = html`<p>This review does not cover the following parts.</p>
${parts}${signatures.length === 0 ? html`<h3>Origin</h3>\n<p>No signature was verified.</p>\n` : NOTHING}`;
  return { id: 'unseen', title: 'Not scanned', body };
}

function part<T>(title: string, all: readonly T[], show: (one: T) => HtmlValue): Html {
  if (all.length === 0) return NOTHING;
  const more = all.length - MAX_LISTED;
  const rest = more > 0 ? html`<p class="left-out">And ${more} more: the JSON report lists all.</p>\n` : NOTHING;
  return html`<h3>${title}</h3>\n${bulletList(all.slice(0, MAX_LISTED).map(show))}${rest}`;
}

function isUnjudged({ verdict }: FileAssessment): boolean {
  return verdict === 'unknown' || verdict === 'not-assessed';
}

function unjudgedFile({ path, verdict, reasons }: FileAssessment): Html {
  const more = reasons.length - MAX_REASONS;
  const why = [...reasons.slice(0, MAX_REASONS).map(told), ...(more > 0 ? [html`and ${more} more reasons`] : [])];
  return html`${chip(VERDICT_WORDS[verdict])} ${code(path)}${bulletList(why)}`;
}

function unreadFile({ path, size, coverage }: FileAssessment): Html {
  const bytes = coverage.gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  const first = coverage.gaps[0]?.start ?? 0;
  return html`${code(path)}: ${humanBytes(bytes)} of ${humanBytes(size)}, the first at byte ${first}`;
}

function undigestedFile({ path, digestBasis }: FileAssessment): Html {
  return html`${code(path)}: ${digestBasis === 'claimed' ? 'as claimed by the source' : 'none'}`;
}
