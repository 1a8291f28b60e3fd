import { isStandard } from '../../gradient/index.ts';
import type { BoundRule } from '../step.ts';
import { ELEMENTWISE_BOUNDS } from './elementwise.ts';
import { LAYOUT_BOUNDS } from './layout.ts';
import { LINEAR_BOUNDS } from './linear.ts';
import { MONOTONE_BOUNDS } from './monotone.ts';
import { NORMALIZATION_BOUNDS } from './normalization.ts';
import { POOLING_BOUNDS } from './pooling.ts';

const RULES: ReadonlyMap<string, BoundRule> = new Map(
  [ELEMENTWISE_BOUNDS, LAYOUT_BOUNDS, LINEAR_BOUNDS, MONOTONE_BOUNDS, NORMALIZATION_BOUNDS, POOLING_BOUNDS].flatMap(
    (family) => Object.entries(family),
  ),
);

/** The rule of an operator; undefined for one that has no sound one here. */
export function boundRuleOf(op: string, domain: string): BoundRule | undefined {
  return isStandard(domain) ? RULES.get(op) : undefined;
}
