/** The formats that `convert` writes. Apart from the schemas, so that the command line starts without their library. */
export const TARGETS = ['safetensors', 'onnx', 'savedmodel'] as const;
export type ConversionTarget = (typeof TARGETS)[number];
