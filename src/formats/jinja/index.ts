export { readTemplate } from './parse.ts';
export { type Applied, type Argument, type Binding, type Expression, type Template, partsOf } from './tree.ts';
