import type { Decision } from '../../core/assessment/index.ts';
import type { Principal } from '../records.ts';
import type { RefusedStage } from '../registry.ts';
import { newestDecisions, versionRow } from '../rows/index.ts';
import { isWaivable, nextStep, RULED_STAGES, uncorrectable } from '../rules/index.ts';
import { type Context, read } from '../store/index.ts';

/** The stages for which a request would be refused now, each with the first rule that says so. */
export async function refusedStages(context: Context, by: Principal, id: string): Promise<RefusedStage[]> {
  return read(context, by, async (db) => {
    const version = await versionRow(db, by.tenant, id);
    const decisions = await newestDecisions(db, version.id);
    return RULED_STAGES.flatMap((stage) => {
      const row = decisions.get(stage);
      const denied =
        row === undefined ? undefined : uncorrectable(JSON.parse(row.body) as Decision, context.rules[stage].policy);
      if (denied === undefined) return [];
      const { rule, message } = denied;
      return [{ stage, rule, message, next: nextStep(rule), isWaivable: isWaivable(rule) }];
    });
  });
}
