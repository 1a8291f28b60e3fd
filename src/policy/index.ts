export type { Approval } from './approval.ts';
export type { Node as ExpressionNode } from './cel/ast.ts';
export { boundOf, excessOf, type Size, type Sizes } from './cel/bounds.ts';
export { checkExpression } from './cel/check.ts';
export { type Bindings, compileExpression, type Evaluator, Failure } from './cel/evaluate.ts';
export { ExpressionError } from './cel/expression-error.ts';
export { parseExpression } from './cel/parse.ts';
export {
  ANY,
  BOOL,
  type Field,
  INT,
  listOf,
  mapOf,
  nameOf,
  oneOf,
  optional,
  present,
  STRING,
  type Type,
} from './cel/types.ts';
export { celLibrary } from './cel-library.ts';
export type { CompiledPolicy } from './compile.ts';
export { type DecideOptions, decide, decider } from './decide.ts';
export type { ExpressionText } from './document.ts';
export type { Environment } from './environment.ts';
export { loadPolicy, policyOf, shippedPolicy } from './load.ts';
export type { Position, Problem } from './problem.ts';
export { DEFAULT_POLICY, SHIPPED_POLICIES, type ShippedPolicy } from './shipped.ts';
export { parseWaivers } from './waiver-file.ts';
export { yamlLibrary } from './yaml-library.ts';
export { type Entry, YamlSource } from './yaml-source.ts';
