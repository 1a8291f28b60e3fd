export { VERDICT_INK } from './file.ts';
export type { AllowanceAdvice, SuggestedAllowance, TableOptions } from './options.ts';
export { signatureRows, signerText } from './signature-rows.ts';
export { renderTable } from './table.ts';
export { waiverMeaning } from './waivers.ts';
