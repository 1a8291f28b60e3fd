export { type Constant, type Node, childrenOf } from './ast.ts';
export { type Bound, MAX_STEPS, type Size, type Sizes, boundOf, excessOf } from './bounds.ts';
export { checkExpression } from './check.ts';
export { type Bindings, type Evaluator, Failure, type SharedValues, VARIABLES, type Value, compileExpression, variableKey } from './evaluate.ts';
export { ExpressionError } from './expression-error.ts';
export { celLibrary, timestampOf } from './library.ts';
export { type ParsedExpression, knowParsed, parseExpression } from './parse.ts';
export { textOf } from './text.ts';
export { ANY, BOOL, type Field, INT, type RecordType, STRING, TIMESTAMP, type Type, listOf, mapOf, nameOf, oneOf, optional, present } from './types.ts';
