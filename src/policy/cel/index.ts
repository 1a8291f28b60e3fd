export { type Constant, childrenOf, type Node } from './ast.ts';
export { boundOf, excessOf, MAX_STEPS, type Size, type SizeBound, type ViewSizes } from './bounds.ts';
export { checkExpression } from './check.ts';
export {
  type Bindings,
  type CelValue,
  compileExpression,
  type Evaluator,
  Failure,
  type SharedValues,
  VARIABLES,
  variableKey,
} from './evaluate.ts';
export { ExpressionError } from './expression-error.ts';
export { celLibrary, timestampOf } from './library.ts';
export { knowParsed, type ParsedExpression, parseExpression } from './parse.ts';
export { expressionText } from './text.ts';
export {
  ANY,
  BOOL_TYPE,
  INT_TYPE,
  listOf,
  mapOf,
  optional,
  present,
  type RecordType,
  STRING,
  TIMESTAMP,
  type Type,
  typeNameOf,
  unionOf,
  type ViewField,
} from './types.ts';
