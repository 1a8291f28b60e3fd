export { safeGlobalsCode, saferFiles } from './advice.ts';
export type { Judged, ReportContext, RuleInfo } from './context.ts';
export { jsonText, terminalText } from './escape.ts';
export { renderJson, renderJsonLine, SCHEMA_VERSION, toReport } from './json.ts';
export { mapOwasp, OWASP_RISKS, owaspCoverage } from './owasp.ts';
export { type Anchor, pathToUri, renderSarif, type SarifOptions } from './sarif.ts';
export { signerText } from './signature-rows.ts';
export { renderTable, type TableOptions } from './table.ts';
export { renderVerification, renderVerificationJson, type Verification } from './verification.ts';
