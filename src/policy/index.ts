export type { Approval } from './approval.ts';
export type { Node as ExpressionNode } from './cel/index.ts';
export {
  ANY,
  type Bindings,
  BOOL_TYPE,
  boundOf,
  celLibrary,
  checkExpression,
  compileExpression,
  type Evaluator,
  ExpressionError,
  excessOf,
  Failure,
  INT_TYPE,
  listOf,
  mapOf,
  optional,
  parseExpression,
  present,
  type Size,
  STRING,
  type Type,
  typeNameOf,
  unionOf,
  type ViewField,
  type ViewSizes,
} from './cel/index.ts';
export type { CompiledPolicy } from './compile.ts';
export { type DecideOptions, decide, decider, type Explained, explain } from './decide.ts';
export type { ExpressionText } from './document.ts';
export type { Environment } from './environment.ts';
export type { RuleEvaluation } from './evaluation.ts';
export { lintPolicy } from './lint.ts';
export { isProblems, loadPolicy, policyOf, readPolicy, readPolicyFile, SHIPPED_FOLDER, shippedPolicy } from './load.ts';
export { type PolicyProblem, type Position, problemError } from './problem.ts';
export { DEFAULT_POLICY, SHIPPED_POLICIES } from './shipped.ts';
export { shownValue } from './shown-value.ts';
export type { KnownWords } from './strange-words.ts';
export { parseWaivers } from './waivers/index.ts';
export { yamlLibrary } from './yaml-library.ts';
export { type Entry, MAX_POLICY_BYTES, YamlSource } from './yaml-source.ts';
