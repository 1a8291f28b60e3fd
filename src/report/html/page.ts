import { type Html, html, type Sheet, sheet } from './html.ts';
import type { Section } from './parts.ts';
import { PAPER, PRINT } from './print-style.ts';
import type { Paper } from './review.ts';
import { STYLE } from './style.ts';

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
export function reportPage({ title, skip, version, head, sections, paper }: DocumentParts): Html {
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
