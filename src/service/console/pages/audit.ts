import type { AuditEntry, AuditVerdict } from '../../../registry/index.ts';
import { code, facts, fold, type Html, html, NOTHING, table, told } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { HOME } from '../links.ts';
import { empty, linkButton, note, pager, type Viewer, when } from '../parts.ts';

export const AUDIT_PATH = `${HOME}/audit`;

export interface AuditView {
  readonly entries: readonly AuditEntry[];
  readonly subject: string | undefined;
  /** Addresses of the page after this one, and of the first; `null` when this is it. */
  readonly next: string | null;
  readonly first: string | null;
  /** The result of verifying the whole chain, on request. */
  readonly verdict: AuditVerdict | undefined;
}

/** The audit log: the newest entries first, or those of one subject, the oldest first. */
export function auditPage(viewer: Viewer, { entries, subject, next, first, verdict }: AuditView): Html {
  const mayVerify = ['reviewer', 'security-approver', 'admin'].some((role) => viewer.roles.includes(role));
  const buttons = mayVerify
    ? html`${linkButton(`${AUDIT_PATH}/verify`, { label: 'Verify the chain' })}${linkButton('/v1/audit/export', { label: 'Download all' })}`
    : NOTHING;
  const order = subject === undefined ? 'The newest first' : 'The oldest first';
  const body = html`<p class="lead">Each entry holds the hash of the one before it: a change of one needs a change of all that follow, and the
head is signed into every snapshot.</p>
${verdict === undefined ? NOTHING : verdictNote(verdict)}<div class="filters">${searchForm(subject)}${buttons}</div>
${entries.length === 0 ? nothing(subject) : auditTable(order, entries)}${pager(next, first, {
  next: subject === undefined ? 'Older entries' : 'Newer entries',
})}`;
  return page(viewer, { title: 'Audit log', place: 'audit', body });
}

function searchForm(subject = ''): Html {
  return html`<form class="search" method="get" action="${AUDIT_PATH}" role="search">
<input type="search" name="subject" value="${subject}" maxlength="500" aria-label="What it was done to, as it stands in the log" placeholder="acme/bert@3">
<button class="button">Filter</button></form>`;
}

function verdictNote(verdict: AuditVerdict): Html {
  if (verdict.kind === 'intact')
    return html`<div role="status">${note('good', html`The chain is intact: ${verdict.entries} entries follow from each other. Its head is entry ${verdict.head.seq}, ${code(verdict.head.hash)}.`)}</div>\n`;
  return html`<div role="alert">${note('bad', html`The chain is broken at entry ${verdict.seq}: ${told(verdict.why)}. The log was changed.`)}</div>\n`;
}

function auditTable(caption: string, entries: readonly AuditEntry[]): Html {
  const columns = ['Entry', 'When', 'Who', 'Did', 'To'].map((label) => ({ label }));
  const rows = entries.map((entry) => [
    entry.seq,
    when(entry.at),
    told(entry.actor),
    code(entry.action),
    html`${told(entry.subject)}${fold(html`details<span class="for-readers"> of entry ${entry.seq}</span>`, detailOf(entry))}`,
  ]);
  return html`<div id="log">${table({ caption, columns, rows })}</div>\n`;
}

/** Parts of an entry's detail that are shown; the export has all of it. */
const MAX_PARTS = 30;

function detailOf({ detail, hash, previous }: AuditEntry): Html {
  const known = Object.entries(detail).slice(0, MAX_PARTS);
  return facts([
    ...known.map(([name, value]) => [told(name), code(textOf(value))] as const),
    ['Hash', code(hash)],
    ['Previous hash', code(previous)],
  ]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function nothing(subject: string | undefined): Html {
  if (subject === undefined) return empty('No entries yet', html`<p>The first scan writes the first entry.</p>\n`);
  return empty(
    'No matching entries',
    html`<p>The filter takes what stands in the column “To”, letter for letter: a version like ${code('acme/bert@3')}, a model, the
name of a token, a digest. <a href="${AUDIT_PATH}">Show all entries.</a></p>\n`,
  );
}
