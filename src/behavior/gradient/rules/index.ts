import { isStandard } from '../graph.ts';
import type { GradientRule } from '../step.ts';
import { ACTIVATION_RULES } from './activation.ts';
import { CONVOLUTION_RULES } from './convolution.ts';
import { ELEMENTWISE_RULES } from './elementwise.ts';
import { LAYOUT_RULES } from './layout.ts';
import { LINEAR_RULES } from './linear.ts';
import { NORMALIZATION_RULES } from './normalization.ts';
import { PART_RULES } from './parts.ts';
import { POOLING_RULES } from './pooling.ts';
import { REDUCTION_RULES } from './reduction.ts';
import { RESIZE_RULES } from './resize.ts';
import { SOFTMAX_RULES } from './softmax.ts';

const RULES: ReadonlyMap<string, GradientRule> = new Map(
  [
    ACTIVATION_RULES,
    CONVOLUTION_RULES,
    ELEMENTWISE_RULES,
    LAYOUT_RULES,
    LINEAR_RULES,
    NORMALIZATION_RULES,
    PART_RULES,
    POOLING_RULES,
    REDUCTION_RULES,
    RESIZE_RULES,
    SOFTMAX_RULES,
  ].flatMap((family) => Object.entries(family)),
);

/** The rule of an operator; undefined for one that has no gradient here. */
export function gradientRuleOf(op: string, domain: string): GradientRule | undefined {
  return isStandard(domain) ? RULES.get(op) : undefined;
}
