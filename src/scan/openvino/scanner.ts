import { OPENVINO } from '../../formats/index.ts';
import type { Scanner } from '../scanner/index.ts';
import { openvinoRules } from './rules.ts';

/** Judges OpenVINO models: their operations by a list, and where their constants lie. */
export const openvinoScanner: Scanner = {
  id: 'openvino',
  formats: [OPENVINO.id],
  rules: openvinoRules,
  async scanFile(target, context) {
    const { judgeOpenvino } = await import('./judge.ts');
    await judgeOpenvino(target, context);
  },
};
