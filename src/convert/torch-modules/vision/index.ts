import type { ConverterTable } from '../converter.ts';
import { BLOCKS } from './blocks.ts';
import { MODELS } from './models.ts';

/** The models of torchvision that tell what an image shows. */
export const VISION: ConverterTable = { ...BLOCKS, ...MODELS };
