import type { OperatorFamily } from '../../call/index.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { tfAveragePool, tfGlobalPool, tfMaxPool } from './pools.ts';
import { translateResize } from './resize.ts';
import { responseNormalization } from './response.ts';

export const IMAGES: OperatorFamily = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: tfMaxPool,
  AveragePool: tfAveragePool,
  GlobalAveragePool: tfGlobalPool('Mean'),
  GlobalMaxPool: tfGlobalPool('Max'),
  Resize: translateResize,
  LRN: responseNormalization,
};
