import type { Declared, SignatureAssessment, UncoveredFile } from '../../core/assessment/index.ts';
import { count } from '../style.ts';
import { signerText } from '../table/index.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import { bulletList, chip, code, facts, type Section, told } from './parts.ts';
import { provenanceFigure } from './provenance-graph.ts';
import type { Review } from './review.ts';
import { SIGNATURE_STATUSES } from './words.ts';

/** Paths and names of one kind that are listed. */
const MAX_LISTED = 50;

/** The origin of the artifact: proven facts, and its own declarations. */
export function provenanceSection(review: Review): Section {
  const { signatures, declared } = review.assessment;
  const body = html`${provenanceFigure(review)}
<h3>Signatures</h3>
${
  signatures.length === 0
    ? html`<p>No signature was found or given: nothing proves who made this artifact.</p>\n`
    : signatures.map(signaturePart)
}
<h3>Declarations of the artifact</h3>
${declaredPart(declared)}`;
  return { id: 'provenance', title: 'Provenance and signatures', body };
}

function signaturePart(signature: SignatureAssessment): Html {
  const { status, detail, signer, method, covered } = signature;
  return html`<div class="signature">
<p>${chip(SIGNATURE_STATUSES[status])} ${told(detail)}</p>
${facts([
  ['Read from', code(signature.signature)],
  ['Signer', signer === null ? undefined : told(signerText(signer))],
  ['Covers', signer === null ? undefined : html`${count(covered, 'file')} by ${code(method ?? 'sha256')}`],
  ['Problem', signature.problem === null ? undefined : code(signature.problem)],
  ['Changed', paths(signature.changed)],
  ['Missing', paths(signature.missing)],
  ['Not covered', items(signature.uncovered, ({ path, why }) => html`${code(path)} (${WHY[why]})`)],
  ['Empty files, not covered', paths(signature.emptyFiles)],
])}</div>
`;
}

const WHY: Readonly<Record<UncoveredFile['why'], string>> = {
  added: 'not signed',
  ignored: 'left out by the signer',
  link: 'a link',
};

function paths(all: readonly string[]): Html | undefined {
  return items(all, code);
}

function items<T>(all: readonly T[], show: (item: T) => HtmlValue): Html | undefined {
  if (all.length === 0) return undefined;
  const more = all.length - MAX_LISTED;
  return bulletList([...all.slice(0, MAX_LISTED).map(show), ...(more > 0 ? [`and ${more} more`] : [])]);
}

function declaredPart(declared: Declared): Html {
  const { licences, licenceName } = declared;
  const rows = facts([
    ['Licence', items(licenceName === null ? licences : [...licences, licenceName], told)],
    ['Base models', items(declared.baseModels, code)],
    ['Training data', items(declared.datasets, code)],
    ['Library', one(declared.library)],
    ['Task', one(declared.task)],
    [
      'Languages',
      declared.languages.length === 0 ? undefined : told(declared.languages.slice(0, MAX_LISTED).join(', ')),
    ],
    ['Architecture', items(declared.architectures, code)],
    ['Model type', one(declared.modelType)],
    ['Code fetched when loaded with remote code', items(declared.remoteCode, code)],
    ['Tags', declared.tags.length === 0 ? undefined : told(declared.tags.slice(0, MAX_LISTED).join(', '))],
    ['Said in', items(declared.files, code)],
  ]);
  return declared.files.length === 0
    ? html`<p>None: no model card and no configuration declares a licence, a base model or training data.</p>\n`
    : html`<p>Declared in its own files, not verified.</p>\n${rows}`;
}

function one(text: string | null): Html | undefined {
  return text === null ? undefined : told(text);
}
