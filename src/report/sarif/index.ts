export { referenceAddress } from './rules.ts';
export { type Anchor, pathToUri, renderSarif, type SarifOptions } from './sarif.ts';
