export { unlistedGlobals } from './advice.ts';
export type { Judged, ReportContext, RuleInfo } from './context.ts';
export { type CycloneDxOptions, renderCycloneDx } from './cyclonedx/index.ts';
export {
  type DiffTableOptions,
  diffReports,
  hasNew,
  type ReadReport,
  type ReportDiff,
  readReport,
  renderDiff,
  renderDiffJson,
} from './diff/index.ts';
export { jsonText, terminalText } from './escape.ts';
export { findingText, withEvidence } from './finding-text.ts';
export { type Excerpt, type HtmlOptions, htmlPolicy, renderData, renderHtml, renderTests } from './html/index.ts';
export { decisionReport, renderJson, renderJsonLine, toReport } from './json/index.ts';
export { renderJunit } from './junit/index.ts';
export { markdownCode, markdownText, renderMarkdown } from './markdown/index.ts';
export { type OpenVexOptions, renderOpenVex } from './openvex/index.ts';
export { mapOwasp, OWASP_RISKS, owaspCoverage } from './owasp/index.ts';
export { TextPage } from './page.ts';
export { type Anchor, pathToUri, renderSarif, type SarifOptions } from './sarif/index.ts';
export { count, displayWidth, humanBytes, type Ink, paint } from './style.ts';
export {
  type AllowanceAdvice,
  renderTable,
  type SuggestedAllowance,
  signerText,
  type TableOptions,
} from './table/index.ts';

export {
  renderVerification,
  renderVerificationJson,
  type Verification,
  type VerificationTextOptions,
} from './verification.ts';
