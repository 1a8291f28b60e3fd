import { DECIDED_STAGES, type Role, type Stage } from '../api/index.ts';
import type { RegistryRules, StageRules } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';

/** Stages that have rules. */
export type RuledStage = (typeof DECIDED_STAGES)[number];
export const RULED_STAGES: readonly RuledStage[] = DECIDED_STAGES;

/** The roles that may reject at every stage. */
export const JUDGES: readonly Role[] = ['reviewer', 'security-approver', 'admin'];

/**
 * The stages that a transition may lead to: the next stage, the same stage for new approvals, or from quarantine to the start.
 */
const WAYS: Readonly<Record<Stage, readonly Stage[]>> = {
  candidate: ['staging'],
  staging: ['staging', 'production'],
  production: ['production', 'retired'],
  retired: [],
  quarantined: ['candidate'],
};

/** @throws RegistryError `stage-skipped`, `ended` */
export function checkWay(from: Stage, to: Stage): void {
  if (WAYS[from].includes(to)) return;
  if (from === 'retired') throw new RegistryError('ended', 'a retired version stays retired');
  const ways = WAYS[from].join(' or ');
  throw new RegistryError('stage-skipped', `a version moves from ${from} to ${ways}, not to ${to}`, {
    hint: `request ${ways} first`,
  });
}

export function isRuled(stage: Stage): stage is RuledStage {
  return RULED_STAGES.some((ruled) => ruled === stage);
}

/** Whether a version at a stage has passed another, or stands there. */
export function hasReached(at: Stage, stage: RuledStage): boolean {
  return isRuled(at) && RULED_STAGES.indexOf(at) >= RULED_STAGES.indexOf(stage);
}

/** The requirements of a transition. Leaving quarantine has the requirements of production. */
export function approvalsFor(rules: RegistryRules, from: Stage, to: Stage): StageRules['approvals'] {
  if (from === 'quarantined') return rules.production.approvals;
  return isRuled(to) ? rules[to].approvals : [];
}

/** The rules by which an approval for a stage is judged. */
export function rulesFor(rules: RegistryRules, from: Stage, to: RuledStage): StageRules {
  const methods = from === 'quarantined' ? rules.production.methods : rules[to].methods;
  return { policy: rules[to].policy, methods, approvals: approvalsFor(rules, from, to) };
}
