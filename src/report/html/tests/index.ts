export { renderTests } from './page.ts';
export { testsSections } from './section.ts';
export { testFacts, testsBlock } from './tests.ts';
