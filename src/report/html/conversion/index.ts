export { conversionSections } from './section.ts';
export { verificationBlock } from './verification.ts';
