import type { Judged, ReportContext } from '../context.ts';
import { mapOwasp } from '../owasp/index.ts';
import { checksSection } from './checks.ts';
import { conversionSections } from './conversion/index.ts';
import { contents, cover } from './cover.ts';
import { coverageSection } from './coverage-bars.ts';
import { filesSection } from './files.ts';
import { groupFindings } from './finding-groups.ts';
import { findingsSection } from './findings.ts';
import { html } from './html.ts';
import { methodSection } from './method.ts';
import { owaspSection } from './owasp-sheet.ts';
import { reportPage } from './page.ts';
import { policySection } from './policy.ts';
import { provenanceSection } from './provenance.ts';
import type { HtmlOptions, Review } from './review.ts';
import { signOffSection } from './sign-off.ts';
import { summarySection } from './summary.ts';
import { testsSections } from './tests/index.ts';
import { unseenSection } from './unseen.ts';
import { ACTION_WORDS } from './words.ts';

/**
 * The security review of an artifact: one HTML document that holds no script and asks for nothing. It shows up to 500
 * findings with their evidence and 10,000 more in a line, and says how many are left out.
 */
export function renderHtml(judged: Judged, context: ReportContext, options: HtmlOptions): string {
  const review = reviewOf(judged, context, options);
  const sections = [
    summarySection(review),
    owaspSection(review),
    findingsSection(review),
    provenanceSection(review),
    ...conversionSections(review),
    ...testsSections(review),
    filesSection(review),
    policySection(review),
    checksSection(review),
    unseenSection(review),
    coverageSection(review),
    methodSection(review),
    signOffSection(review),
  ];
  const title = `Security review: ${judged.assessment.artifact.ref}: ${ACTION_WORDS[judged.decision.action].text}`;
  const head = html`${cover(review)}${contents(sections)}`;
  const { paper } = options;
  return reportPage({
    title,
    skip: 'Skip to the review',
    version: context.version,
    head,
    sections,
    paper,
  }).toString();
}

/** What the parts of a review are drawn from. */
export function reviewOf(judged: Judged, context: ReportContext, { now, excerpts }: HtmlOptions): Review {
  const { assessment, decision } = judged;
  const applied = decision.waivers.filter(({ outcome }) => outcome === 'applied');
  return {
    assessment,
    decision,
    context,
    now,
    excerpts: excerpts ?? new Map(),
    owasp: mapOwasp(assessment),
    groups: groupFindings(assessment.findings, context),
    waiversByFinding: new Map(applied.flatMap((waiver) => waiver.findings.map((finding) => [finding, waiver]))),
  };
}
