import { type Css, css } from './html.ts';
import type { Paper } from './review.ts';

/** How the review is printed: numbered pages, nothing folded, findings and the sign-off kept whole where they fit. */
export const PRINT: Css = css`
@page {
  margin: 18mm 17mm 20mm;
  @bottom-left { content: "Assay: security review of a machine-learning model"; font: 8pt sans-serif; color: #525d6b; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #525d6b; }
}
@media print {
  :root { color-scheme: light; }
  html { font-size: 9.5pt; }
  body { line-height: 1.45; }
  .page { max-width: none; padding: 0; }
  .skip { display: none; }
  .chip, .decision, .note, mark, code, pre, .bar, .lines, .box { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
  h1, h2, h3, h4, caption, summary, figcaption, .where { break-after: avoid; }
  p, li { orphans: 3; widows: 3; }
  tr, .facts > div, .signature, .excerpt, .graph, .plot, .tally li, .bars li, .role { break-inside: avoid; }
  .places > li { break-inside: avoid; }
  thead { display: table-header-group; }
  th, td { padding-block: .3rem; }
  #owasp td { font-size: .88em; line-height: 1.35; }
  #owasp tbody th { width: 24%; }
  #owasp td:nth-child(3) { width: 17%; }
  section { margin-top: 1.8rem; }
  #owasp, #findings, #sign-off { break-before: page; margin-top: 0; }
  #sign-off { break-inside: avoid; }
  .contents { border: 0; }
  .excerpt pre { font-size: 7.5pt; }
  details::details-content { content-visibility: visible; display: block; }
  summary { list-style: none; }
}
`;

/** The size of the paper, where it is known. */
export const PAPER: Readonly<Record<Paper, Css>> = {
  a4: css`@page { size: A4; }`,
  letter: css`@page { size: letter; }`,
};
