export { VERDICT_INK } from './file.ts';
export { signatureRows, signerText } from './signature-rows.ts';
export { renderTable } from './table.ts';
export { waiverMeaning } from './waivers.ts';
