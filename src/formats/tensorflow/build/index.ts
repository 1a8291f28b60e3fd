export { attr } from './attributes.ts';
export { addChoice, type TfChoice } from './branch.ts';
export { type TfAttributes, TfGraphBuilder, type TfResult, type TfValue, tfPort } from './builder.ts';
export { addLoop, type TfLoop } from './loop.ts';
export { tfStrings, tfTensor } from './tf-tensors.ts';
