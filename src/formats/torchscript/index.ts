export { parseScript } from './statements.ts';
export type {
  ClassAttribute,
  ClassDefinition,
  FunctionDefinition,
  Parameter,
  Placed,
  ScriptArgument,
  ScriptExpression,
  ScriptFile,
  ScriptStatement,
} from './syntax.ts';
