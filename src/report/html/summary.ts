import { type FileAssessment, VERDICTS, type Verdict } from '../../core/assessment/index.ts';
import { saferFiles } from '../advice.ts';
import { owaspCoverage } from '../owasp/index.ts';
import { count, humanBytes } from '../style.ts';
import { type Html, html, NOTHING } from './html.ts';
import { bulletList, chip, code, type Section, told } from './parts.ts';
import type { Review } from './review.ts';
import { VERDICT_MEANINGS, VERDICT_REMEDIES, VERDICT_WORDS } from './words.ts';

/** Findings named in the summary, and things to do that come from them. */
const MAX_NAMED = 3;
const MAX_REPLACEMENTS = 3;
const MAX_REASONS = 12;

/** The decision, its reasons and the next steps, in plain words. */
export function summarySection(review: Review): Section {
  const body = html`<h3>Decision</h3>
${decided(review)}
${verdictTally(review)}
<h3>Reasons</h3>
${why(review)}
<h3>Next steps</h3>
${bulletList(whatToDo(review), 'ol')}`;
  return { id: 'summary', title: 'Summary', body };
}

function decided({ assessment, decision, owasp }: Review): Html {
  const { files, stats } = assessment;
  const { assessed, direct, of } = owaspCoverage(owasp.risks);
  const policy = html`the policy ${told(decision.policy)}`;
  const verb = {
    deny: html`Under ${policy}, this artifact <strong>may not be used</strong>.`,
    warn: html`Under ${policy}, this artifact <strong>may be used</strong>; read the warnings below first.`,
    allow: html`Under ${policy}, this artifact <strong>may be used</strong>.`,
  }[decision.action];
  return html`<p>${verb} Its ${count(files.length, 'file')} (${humanBytes(stats.bytesTotal)}) were judged without running or
importing any of it. Of the ten risks of the OWASP Machine Learning Security Top 10, ${assessed} of ${of} were assessed,
${direct} of them on direct evidence: <a href="#owasp">the sheet</a> lists them, and how to assess the others.</p>
`;
}

function verdictTally({ assessment }: Review): Html {
  const rows = [...VERDICTS].reverse().flatMap((verdict) => {
    const files = assessment.files.filter((file) => file.verdict === verdict);
    if (files.length === 0) return [];
    return [
      html`<li>${chip(VERDICT_WORDS[verdict])} <strong>${count(files.length, 'file')}</strong>
<span>${VERDICT_MEANINGS[verdict]}</span></li>\n`,
    ];
  });
  return rows.length === 0 ? NOTHING : html`<ul class="tally">\n${rows}</ul>\n`;
}

function why({ decision, groups }: Review): Html {
  const reasons = decision.violations
    .slice(0, MAX_REASONS)
    .map(({ rule, message }) => html`${told(message)} (${code(rule)})`);
  const more = decision.violations.length - reasons.length;
  const lead =
    reasons.length === 0
      ? html`<p>No rule of the policy was broken.</p>\n`
      : html`<p>${decision.action === 'deny' ? 'The policy denies it because' : 'The policy warns because'}:</p>\n`;
  const worst = groups
    .slice(0, MAX_NAMED)
    .map(
      ({ number, rule, ruleId, findings }) =>
        html`<a href="#finding-${number}">Finding ${number}</a>: ${told(rule?.title ?? ruleId)}${
          findings.length > 1 ? `, in ${findings.length} places` : html`, in ${code(findings[0]?.file ?? '')}`
        }`,
    );
  return html`${lead}${bulletList([...reasons, ...(more > 0 ? [`${count(more, 'more reason')}: see the policy`] : [])])}${
    worst.length === 0 ? NOTHING : html`<p>The most severe findings:</p>\n${bulletList(worst)}`
  }`;
}

function whatToDo(review: Review): Html[] {
  const steps = [...fromFindings(review), ...fromVerdicts(review), ...replacements(review), ...fromIntegrity(review)];
  return [...steps, lastStep(review)];
}

function lastStep({ assessment, decision }: Review): Html {
  if (decision.action !== 'deny')
    return html`Deploy exactly these bytes: this review covers the digests in <a href="#files">Files</a>.`;
  return assessment.files.some(({ verdict }) => verdict === 'malicious')
    ? html`Keep it out of every environment. A malicious file cannot be waived: use another artifact.`
    : html`Keep it out of every environment until a corrected artifact is reviewed, or a waiver allows this one.`;
}

/** One step a remedy: several rules may ask for the same. */
function fromFindings({ groups }: Review): Html[] {
  const byRemedy = new Map<string, number[]>();
  for (const { number, rule } of groups) {
    if (rule === undefined) continue;
    const numbers = byRemedy.get(rule.remedy);
    if (numbers === undefined) byRemedy.set(rule.remedy, [number]);
    else numbers.push(number);
  }
  return [...byRemedy].slice(0, MAX_NAMED).map(([remedy, numbers]) => {
    const links = numbers
      .slice(0, MAX_NAMED)
      .map((n, i) => html`${i === 0 ? '' : ', '}<a href="#finding-${n}">${n}</a>`);
    const more = numbers.length > MAX_NAMED ? ` and ${numbers.length - MAX_NAMED} more` : '';
    return html`${numbers.length === 1 ? 'Finding' : 'Findings'} ${links}${more}: ${remedy}`;
  });
}

/** For files whose verdict no finding explains. */
function fromVerdicts({ assessment }: Review): Html[] {
  const found = new Set(assessment.findings.map(({ file }) => file));
  const order: readonly Exclude<Verdict, 'clean'>[] = ['malicious', 'unknown', 'suspicious', 'not-assessed'];
  return order.flatMap((verdict) => {
    const files = assessment.files.filter((file) => file.verdict === verdict && !found.has(file.path));
    if (files.length === 0) return [];
    return [
      html`${count(files.length, 'file')} ${VERDICT_WORDS[verdict].text.toLowerCase()}, without a finding (${named(files)}):
${VERDICT_REMEDIES[verdict]}`,
    ];
  });
}

function named(files: readonly FileAssessment[]): Html {
  const more = files.length - MAX_NAMED;
  const names = files.slice(0, MAX_NAMED).map(({ path }, i) => html`${i === 0 ? '' : ', '}${code(path)}`);
  return html`${names}${more > 0 ? ` and ${more} more` : ''}`;
}

function replacements({ assessment }: Review): Html[] {
  return assessment.files
    .filter(({ verdict }) => verdict !== 'clean')
    .flatMap((file) => {
      const safer = saferFiles(file, assessment.files);
      const [first] = safer?.paths ?? [];
      if (safer === undefined || first === undefined) return [];
      const same = safer.sameName ? 'Its name suggests the same weights' : 'Check that it contains the same weights';
      return [
        html`Use ${code(first)} instead of ${code(file.path)}: it is clean, and safetensors cannot carry code. ${same}.`,
      ];
    })
    .slice(0, MAX_REPLACEMENTS);
}

function fromIntegrity({ assessment }: Review): Html[] {
  const { signatures, files } = assessment;
  const steps: Html[] = [];
  if (signatures.some(({ status }) => status === 'failed')) {
    steps.push(html`First find out why a signature is not valid: the bytes may differ from those that were signed.`);
  } else if (!signatures.some(({ status }) => status === 'verified')) {
    steps.push(
      html`Verify who released the artifact: give <code>assay review</code> the key or identity of the signer.`,
    );
  }
  if (files.some(({ digestBasis }) => digestBasis !== 'computed')) {
    steps.push(html`Hash every file before deployment: some digests below were not computed from the bytes.`);
  }
  return steps;
}
