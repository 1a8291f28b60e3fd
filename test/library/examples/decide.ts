import { decide, loadPolicy, scan } from 'assay';

/** What each policy says of one scan: deciding again reads no byte of the model. */
export async function decisions(ref: string, policies: readonly string[]): Promise<Map<string, string>> {
  const { assessment } = await scan(ref);
  const actions = new Map<string, string>();
  for (const name of policies) {
    const policy = await loadPolicy(name);
    actions.set(name, decide(assessment, { policy, environment: { stage: 'production' } }).action);
  }
  return actions;
}
