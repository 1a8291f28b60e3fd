import { isStandard } from '../graph.ts';
import type { GradientRule } from '../step.ts';
import { ACTIVATION_GRADIENTS } from './activation.ts';
import { CONVOLUTION_GRADIENTS } from './convolution.ts';
import { ELEMENTWISE_GRADIENTS } from './elementwise.ts';
import { LAYOUT_GRADIENTS } from './layout.ts';
import { LINEAR_GRADIENTS } from './linear.ts';
import { NORMALIZATION_GRADIENTS } from './normalization.ts';
import { PART_GRADIENTS } from './parts.ts';
import { POOLING_GRADIENTS } from './pooling.ts';
import { REDUCTION_GRADIENTS } from './reduction.ts';
import { RESIZE_GRADIENTS } from './resize.ts';
import { SOFTMAX_GRADIENTS } from './softmax.ts';

const RULES: ReadonlyMap<string, GradientRule> = new Map(
  [
    ACTIVATION_GRADIENTS,
    CONVOLUTION_GRADIENTS,
    ELEMENTWISE_GRADIENTS,
    LAYOUT_GRADIENTS,
    LINEAR_GRADIENTS,
    NORMALIZATION_GRADIENTS,
    PART_GRADIENTS,
    POOLING_GRADIENTS,
    REDUCTION_GRADIENTS,
    RESIZE_GRADIENTS,
    SOFTMAX_GRADIENTS,
  ].flatMap((family) => Object.entries(family)),
);

/** The rule of an operator; undefined for one that has no gradient here. */
export function gradientRuleOf(op: string, domain: string): GradientRule | undefined {
  return isStandard(domain) ? RULES.get(op) : undefined;
}
