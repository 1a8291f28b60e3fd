export { flexNode } from './flex.ts';
export { type LiteModel, type LiteOperator, readLiteModel } from './model.ts';
