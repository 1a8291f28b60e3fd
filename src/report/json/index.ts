export { decisionReport, renderJson, renderJsonLine, toReport } from './json.ts';
export { readingsLine } from './readings.ts';
export { signatureReport } from './signature-json.ts';
