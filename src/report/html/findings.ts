import type { Finding, JudgedWaiver } from '../../core/assessment/index.ts';
import { OWASP_RISKS } from '../owasp/index.ts';
import { count } from '../style.ts';
import { excerptFigure } from './excerpt.ts';
import type { FindingGroup } from './finding-groups.ts';
import { type Html, html, NOTHING } from './html.ts';
import { chip, code, fold, paragraph, type Section, table, told } from './parts.ts';
import type { Review } from './review.ts';
import { SEVERITY_WORDS } from './words.ts';

/** Findings by rule, worst first: where, on what evidence, what follows, what to do. */
export function findingsSection(review: Review): Section {
  const { groups } = review;
  const body =
    groups.length === 0
      ? html`<p>No scanner reported a finding. This covers only the scanned parts; the other parts are in
<a href="#unseen">Not scanned</a>.</p>\n`
      : html`${introduction(review)}${groups.map((group) => groupArticle(group, review))}`;
  return { id: 'findings', title: 'Findings', body };
}

function introduction({ groups, assessment }: Review): Html {
  const total = assessment.findings.length;
  const full = groups.reduce((sum, group) => sum + group.full, 0);
  const lines = groups.reduce((sum, group) => sum + group.lines, 0);
  const rest = total - full - lines;
  const shown =
    full === total
      ? NOTHING
      : html` ${count(full, 'finding')} ${full === 1 ? 'is' : 'are'} shown with evidence, the worst first and a share of each
rule; ${count(lines, 'more finding')} in one line each${rest > 0 ? `; ${count(rest, 'more finding')} only counted` : ''}. The
JSON report holds all of them.`;
  return html`<p>${count(total, 'finding')} of ${count(groups.length, 'rule')}, worst first.${shown}</p>\n`;
}

function groupArticle(group: FindingGroup, review: Review): Html {
  const { number, ruleId, rule, severity, findings } = group;
  const title = rule?.title ?? ruleId;
  return html`<article class="finding" id="finding-${number}" aria-labelledby="finding-${number}-title">
<h3 id="finding-${number}-title"><span class="number">${number}</span> ${told(title)} ${chip(SEVERITY_WORDS[severity])}</h3>
${explanation(group)}
${references(findings, ruleId)}
<h4>Where</h4>
<ol class="places">
${findings.slice(0, group.full).map((finding, i) => place(finding, `${number}.${i + 1}`, review))}</ol>
${others(group)}</article>
`;
}

function explanation({ rule }: FindingGroup): Html {
  if (rule === undefined) return paragraph('This version does not know the rule, so it cannot explain it.');
  return html`<div class="pair">
<div><h4>Explanation</h4><p>${rule.explanation}</p></div>
<div><h4>Remedy</h4><p>${rule.remedy}</p></div>
</div>`;
}

function references(findings: readonly Finding[], ruleId: string): Html {
  const [first] = findings;
  if (first === undefined) return NOTHING;
  const owasp = first.owasp.map((id) => `${id} ${OWASP_RISKS[id]?.title ?? ''}`.trim());
  const ids = [
    ['OWASP', owasp],
    ['ATLAS', first.atlas],
    ['CWE', first.cwe],
  ] as const;
  const rows = ids.flatMap(([name, all]) =>
    all.length === 0 ? [] : [html`<div><dt>${name}</dt><dd>${all.join(', ')}</dd></div>\n`],
  );
  return html`<dl class="references">
<div><dt>Rule</dt><dd>${code(ruleId)}</dd></div>
${rows}</dl>`;
}

function place(finding: Finding, number: string, { excerpts, waiversByFinding }: Review): Html {
  const { message, evidence, fingerprint } = finding;
  const excerpt = excerpts.get(fingerprint);
  const judged = waiversByFinding.get(fingerprint);
  return html`<li id="f-${number}">
<p class="where"><span class="number">${number}</span> ${where(finding)}</p>
<p>${told(message)}</p>
${evidence === undefined ? NOTHING : html`<p class="evidence"><span class="label">Evidence</span> ${code(evidence)}</p>\n`}${
  excerpt === undefined ? NOTHING : excerptFigure(excerpt)
}${judged === undefined ? NOTHING : waiverLine(judged)}<p class="fingerprint">Fingerprint ${code(fingerprint)}</p>
</li>
`;
}

function where({ file, member, offset, line }: Finding): Html {
  return html`${code(file)}${member === undefined ? NOTHING : html` › ${code(member)}`}${
    offset === undefined ? NOTHING : html`, byte ${offset}`
  }${line === undefined ? NOTHING : html`, line ${line}`}`;
}

function waiverLine({ waiver }: JudgedWaiver): Html {
  return html`<p class="waived">Waived by ${told(waiver.owner)} until ${waiver.expires}: ${told(waiver.reason)}</p>\n`;
}

/** The findings of a group that are not shown in full. */
function others({ number, findings, full, lines }: FindingGroup): Html {
  if (full === findings.length) return NOTHING;
  const counted = findings.length - full - lines;
  const rows = findings
    .slice(full, full + lines)
    .map((finding, i) => [html`${number}.${full + i + 1}`, where(finding), told(finding.message)]);
  const body = table({
    caption: `More places of finding ${number}`,
    columns: [{ label: 'Number' }, { label: 'Place' }, { label: 'What' }],
    rows,
  });
  return html`${lines === 0 ? NOTHING : fold(`${count(lines, 'more place')}, one line each`, body)}${
    counted === 0 ? NOTHING : html`<p class="left-out">${count(counted, 'more place')}, only counted here.</p>\n`
  }`;
}
