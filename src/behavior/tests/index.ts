export type { TestContext, TestData, TestKind, TestOutcome } from './kind.ts';
export { TEST_KINDS } from './list.ts';
