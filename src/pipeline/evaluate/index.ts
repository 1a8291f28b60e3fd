export { type AllowanceFile, allowancesOf, NO_ALLOWANCES, readAllowances } from './allowance-file.ts';
export { assessBy, decideBy, type Evaluated, type Rules, type Terms, type Told } from './evaluate.ts';
export { type GivenWaivers, NO_GIVEN_WAIVERS } from './given-waivers.ts';
