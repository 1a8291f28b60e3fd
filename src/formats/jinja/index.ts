export { readTemplate } from './parse.ts';
export {
  type Applied,
  type Argument,
  type Binding,
  type Expression,
  partsOf,
  type Template,
  type TemplateStatement,
} from './tree.ts';
