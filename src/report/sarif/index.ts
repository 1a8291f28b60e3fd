export { referenceAddress } from './rules.ts';
export { pathToUri, renderSarif } from './sarif.ts';
