export { type AllowanceFile, allowancesOf, NO_ALLOWANCES, readAllowances } from './allowance-file.ts';
export { assessBy, decideBy, type Evaluated, type Rules, type Terms, type Told } from './evaluate.ts';
export { NO_PARDONS, type Pardons, withPardons } from './pardons.ts';
