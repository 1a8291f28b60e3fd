export { renderTests } from './page.ts';
export { testFacts, testsBlock } from './tests.ts';
