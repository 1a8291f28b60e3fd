export { type Conversion, ConversionSchema, type ConversionTarget, type ConvertedFile, TARGETS } from './schema.ts';
