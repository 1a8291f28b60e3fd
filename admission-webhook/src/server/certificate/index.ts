export { openCertificateFiles } from './files.ts';
export { openSelfSigned } from './self-signed.ts';
export type { CertificateSource, ServingPair } from './serving.ts';
