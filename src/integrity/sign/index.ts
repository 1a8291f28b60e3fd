export { bundleJson, envelopeJson } from './bundle-json.ts';
export { certificateSigner, readCertificates } from './certificate-signer.ts';
export { coverageOf, type SignatureCoverage } from './coverage.ts';
export { keySigner } from './key-signer.ts';
export type { PayloadSigner } from './payload-signer.ts';
export { type SigningKey, toSigningKey } from './signing-key.ts';
export { modelStatement } from './statement.ts';
