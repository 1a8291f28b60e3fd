import { readFile } from 'node:fs/promises';
import { SHIPPED_FOLDER, SHIPPED_POLICIES, shippedPolicy } from '../policy/index.ts';
import { type ApprovalRecord, loadRegistryRules, type Role } from '../registry/index.ts';

export const DECIDED_STAGES = ['candidate', 'staging', 'production'] as const;

/** The policies that are shipped, and what decides here for each stage. */
export interface PolicyList {
  readonly shipped: readonly {
    readonly name: string;
    readonly summary: string;
    readonly digest: string;
    readonly source: string;
  }[];
  readonly inUse: readonly {
    readonly stage: (typeof DECIDED_STAGES)[number];
    readonly name: string;
    readonly digest: string;
    /** Of a shipped policy. */
    readonly source: string | null;
    readonly approvals: readonly { readonly role: Role; readonly count: number }[];
    readonly methods: readonly ApprovalRecord['method'][];
  }[];
}

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
