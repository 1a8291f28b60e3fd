import { readFile } from 'node:fs/promises';
import { SHIPPED_FOLDER, SHIPPED_POLICIES, shippedPolicy } from '../policy/index.ts';
import { DECIDED_STAGES, type PolicyList } from '../registry/api/index.ts';
import { loadRegistryRules } from '../registry/index.ts';

/** @param path of the rules; the shipped ones when `null` */
export async function readPolicyList(path: string | null): Promise<PolicyList> {
  const rules = await loadRegistryRules(path);
  const shipped = await Promise.all(
    SHIPPED_POLICIES.map(async ({ name, summary }) => {
      const source = await readFile(new URL(`${name}.yaml`, SHIPPED_FOLDER), 'utf8');
      return { name, summary, digest: shippedPolicy(name).digest, source };
    }),
  );
  const inUse = DECIDED_STAGES.map((stage) => {
    const { policy, approvals, methods } = rules[stage];
    const source = shipped.find(({ digest }) => digest === policy.digest)?.source ?? null;
    return { stage, name: policy.name, digest: policy.digest, source, approvals, methods };
  });
  return { shipped, inUse };
}
