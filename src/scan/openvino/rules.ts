import { graphRules, type Rule } from '../scanner/index.ts';

export const OPENVINO_RULES = graphRules({ id: 'openvino', model: 'an OpenVINO model', runtime: 'OpenVINO' });

const { custom, unlisted, data, structure, hidden } = OPENVINO_RULES;
export const openvinoRules: readonly Rule[] = [custom, unlisted, data, structure, hidden];
