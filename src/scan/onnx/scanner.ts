import { ORT } from '../../formats/index.ts';
import { ONNX } from '../../formats/protobuf/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { onnxRules } from './rules.ts';

/** Judges ONNX models: the files that they name, and their operators by a list. What does it is loaded with the first model. */
export const onnxScanner: Scanner = {
  id: 'onnx',
  formats: [ONNX.id],
  rules: onnxRules,
  async scanFile(target, context) {
    const { judgeOnnx } = await import('./judge.ts');
    await judgeOnnx(target, context);
  },
};

/** The same of models in ONNX Runtime's own format, as far as they are read. */
export const ortScanner: Scanner = {
  id: 'ort',
  formats: [ORT.id],
  rules: [],
  async scanFile(target, context) {
    const { judgeOrt } = await import('./judge-ort.ts');
    await judgeOrt(target, context);
  },
};
