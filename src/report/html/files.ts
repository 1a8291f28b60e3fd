import { type FileAssessment, VERDICTS } from '../../core/assessment/index.ts';
import { count, humanBytes } from '../style.ts';
import { type Html, html, NOTHING } from './html.ts';
import { bulletList, capped, chip, code, fold, type Section, table } from './parts.ts';
import type { Review } from './review.ts';
import { DIGEST_BASES, VERDICT_WORDS } from './words.ts';

/** Files in the table; the rest are counted. */
const MAX_FILES = 1_000;
/** Files whose imports are listed, and imports listed of each. */
const MAX_IMPORTING = 100;
const MAX_IMPORTS = 100;

/** Every file, worst first, with the digest that this review is about. */
export function filesSection({ assessment, context }: Review): Section {
  const files = worstFirst(assessment.files);
  const [shown, rest] = capped(
    files,
    MAX_FILES,
    (left) => `${count(left, 'more file')}: the JSON report lists all of them.`,
  );
  const rows = shown.map((file) => [
    html`${code(file.path)}`,
    chip(VERDICT_WORDS[file.verdict]),
    context.formats.get(file.format) ?? file.format,
    humanBytes(file.size),
    digestCell(file),
  ]);
  const columns = [
    { label: 'File' },
    { label: 'Verdict' },
    { label: 'Format' },
    { label: 'Size', kind: 'number' },
    { label: 'SHA-256' },
  ] as const;
  const body =
    files.length === 0
      ? html`<p>The artifact contains no files.</p>\n`
      : html`${table({ caption: 'Files, worst first', columns, rows })}${rest}${imports(files)}`;
  return { id: 'files', title: 'Files', body };
}

/** Worst verdict first, then by path. */
export function worstFirst(files: readonly FileAssessment[]): FileAssessment[] {
  return [...files].sort(
    (a, b) =>
      VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
  );
}

function digestCell({ sha256, digestBasis }: FileAssessment): Html {
  const basis = html`<span class="quiet">${DIGEST_BASES[digestBasis]}</span>`;
  return sha256 === null ? basis : html`<span class="digest">${code(sha256)}</span> ${basis}`;
}

/** The globals that the pickles among them can resolve. */
function imports(files: readonly FileAssessment[]): Html {
  const importing = files.filter((file) => file.imports.length > 0);
  if (importing.length === 0) return NOTHING;
  const [shown, rest] = capped(importing, MAX_IMPORTING, (left) => `${count(left, 'more file')} with imports.`);
  return html`<h3>Imports of pickles</h3>
<p>Every global that loading the file can resolve, as the loader passes it.</p>
${shown.map(({ path, imports: names }) => {
  const [listed, more] = capped(names, MAX_IMPORTS, (left) => `${count(left, 'more name')}.`);
  return fold(html`${code(path)}: ${count(names.length, 'name')}`, html`${bulletList(listed.map(code))}${more}`);
})}${rest}`;
}
