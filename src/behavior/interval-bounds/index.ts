export { type BoxedRows, type Certifier, type CertifierOptions, openCertifier, type RowBounds } from './certify.ts';
