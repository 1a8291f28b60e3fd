export { decisionReport, renderJson, renderJsonLine, SCHEMA_VERSION, toReport } from './json.ts';
export { readingsLine } from './readings.ts';
export { signatureReport } from './signature-json.ts';
