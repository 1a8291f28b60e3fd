import type { Judged, ReportContext } from '../context.ts';
import { mapOwasp } from '../owasp/index.ts';
import { checksSection } from './checks.ts';
import { conversionSections } from './conversion/index.ts';
import { contents, cover } from './cover.ts';
import { coverageSection } from './coverage-bars.ts';
import { filesSection } from './files.ts';
import { groupFindings } from './finding-groups.ts';
import { findingsSection } from './findings.ts';
import { type Html, html, type Sheet, sheet } from './html.ts';
import { methodSection } from './method.ts';
import { owaspSection } from './owasp-sheet.ts';
import type { Section } from './parts.ts';
import { policySection } from './policy.ts';
import { PAPER, PRINT } from './print-style.ts';
import { provenanceSection } from './provenance.ts';
import type { HtmlOptions, Paper, Review } from './review.ts';
import { signOffSection } from './sign-off.ts';
import { STYLE } from './style.ts';
import { summarySection } from './summary.ts';
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
  return reportDocument({
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

/** What the document may do, for the `Content-Security-Policy` of who serves it: nothing but show its own style. */
export function htmlPolicy(paper?: Paper): string {
  return policyOf(styleOf(paper));
}

function styleOf(paper: Paper | undefined): Sheet {
  return sheet(STYLE, PRINT, ...(paper === undefined ? [] : [PAPER[paper]]));
}

function policyOf(style: Sheet): string {
  return `default-src 'none'; style-src ${style.source}; base-uri 'none'; form-action 'none'`;
}

/** The parts of a document that stands alone. */
export interface DocumentParts {
  readonly title: string;
  /** What the first link says, which leads past the cover. */
  readonly skip: string;
  readonly version: string;
  /** Before the sections. */
  readonly head: Html;
  readonly sections: readonly Section[];
  readonly paper?: Paper | undefined;
}

/** A document that holds its style, no script, and asks for nothing. */
export function reportDocument({ title, skip, version, head, sections, paper }: DocumentParts): Html {
  const style = styleOf(paper);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="Assay ${version}">
<title>${title}</title>
${style.element}
</head>
<body>
<a class="skip" href="#main">${skip}</a>
<div class="page">
${head}<main id="main" tabindex="-1">
${sections.map(sectionPart)}</main>
</div>
</body>
</html>
`;
}

function sectionPart({ id, title, body }: Section, index: number): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title"><span class="number">${index + 1}</span> ${title}</h2>
${body}</section>
`;
}
