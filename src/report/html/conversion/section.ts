import type { AttestedConversion, Check } from '../../../core/assessment/index.ts';
import { count } from '../../style.ts';
import { html } from '../html.ts';
import { capped, chip, code, facts, type Section, told } from '../parts.ts';
import type { Review } from '../review.ts';
import { VERDICT_WORDS } from '../words.ts';
import { verificationBlock } from './verification.ts';

/** Files whose figures are shown. */
const MAX_FILES = 50;

/** What a conversion was attested to have done, and what that is evidence for; nothing for an artifact without an attestation. */
export function conversionSections({ assessment: { conversion, checks } }: Review): readonly Section[] {
  if (conversion === undefined) return [];
  const { signer, target, source, files } = conversion;
  const [shown, rest] = capped(
    files,
    MAX_FILES,
    (left) => `${count(left, 'more file')}: the attestation has their figures.`,
  );
  const blocks = shown.map(({ path, verification }) =>
    verification === null
      ? html`<p>${code(path)} <span class="quiet">was not verified.</span></p>\n`
      : verificationBlock(path, verification),
  );
  const body = html`<p>${evidenceOf(conversion, checks)}</p>
${facts([
  ['Attested by', told(signer)],
  ['Converted to', target],
  ['Source', code(source.pinned)],
  ['Digest of the source', source.digest === null ? undefined : code(source.digest)],
  ['Verdict of the source', chip(VERDICT_WORDS[source.verdict])],
])}<h3>Verification</h3>
${blocks}${rest}`;
  return [{ id: 'conversion', title: 'Conversion', body }];
}

/** What the checks of the conversion are evidence for; they have looked at more than the figures. */
function evidenceOf({ source: { verdict }, salvaged }: AttestedConversion, checks: readonly Check[]): string {
  const passes = (wanted: string) => checks.some(({ id, status }) => id === wanted && status === 'pass');
  const origin = passes('conversion.source')
    ? 'The files come from a source that was clean, which is evidence for ML06 (supply chain).'
    : `The verdict of the source was ${verdict}, so the conversion is no evidence for ML06 (supply chain)${salvaged ? ': its tensors were salvaged' : ''}.`;
  const same = passes('conversion.verified')
    ? 'Every file was compared with its source, which is evidence for ML10 (poisoning): the conversion changed nothing beyond the tolerance.'
    : 'Not every file was compared with its source, so the conversion may have changed what the model computes (ML10).';
  return `${origin} ${same} Neither shows what the source was trained on, or whether it was poisoned before.`;
}
