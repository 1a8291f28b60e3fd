export { checksSection } from './checks.ts';
export { verificationBlock } from './conversion/index.ts';
export { dataChecksBlock, dataFacts, dataUnseenBlock, renderData } from './data/index.ts';
export { renderHtml, reviewOf } from './document.ts';
export type { Excerpt } from './excerpt.ts';
export { filesSection } from './files.ts';
export { findingsSection } from './findings.ts';
export { type Css, css, Html, type HtmlValue, html, NOTHING } from './html.ts';
export { owaspSection } from './owasp-sheet.ts';
export { htmlPolicy } from './page.ts';
export { bulletList, capped, chip, code, facts, fold, table, told } from './parts.ts';
export { policySection } from './policy.ts';
export { provenanceSection } from './provenance.ts';
export { type HtmlOptions, PAPERS, type Paper, timeText } from './review.ts';
export { STYLE } from './style.ts';
export { summarySection } from './summary.ts';
export { renderTests, testFacts, testsBlock } from './tests/index.ts';
export { unseenSection } from './unseen.ts';
export {
  ACTION_WORDS,
  CHECK_STATUSES,
  type ReportWord,
  RISK_STATUSES,
  RULE_RESULTS,
  SEVERITY_WORDS,
  VERDICT_WORDS,
} from './words.ts';
