export { areTestsOf, withTests } from './with-tests.ts';
