import { dirname, isAbsolute, resolve } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { loadPolicy, problemError, readPolicyFile, SHIPPED_POLICIES, YamlSource } from '../../policy/index.ts';
import type { RegistryRules, StageRules } from '../registry.ts';
import { type PolicyName, RulesReader, type StageDocument } from './reader.ts';
import { RULED_STAGES, type RuledStage } from './stage-machine.ts';

const GUIDE = 'assay serve --help shows the rules of a registry';

/** The default rules. */
const DEFAULT_RULES = {
  candidate: { policy: 'baseline', approvals: [] },
  staging: { policy: 'strict', approvals: [{ role: 'reviewer', count: 1 }] },
  production: {
    policy: 'production',
    approvals: [
      { role: 'reviewer', count: 1 },
      { role: 'security-approver', count: 1 },
    ],
  },
} as const;

/**
 * The requirements of each stage, from a YAML file; the shipped rules when `path` is `null`. A stage that the file leaves
 * out keeps its shipped rules. Paths of policies are relative to the file.
 *
 *     version: 1
 *     stages:
 *       candidate: {policy: baseline}
 *       staging:
 *         policy: strict
 *         approvals: [{role: reviewer, count: 1}]
 *       production:
 *         policy: ours.yaml
 *         approvals: [{role: reviewer, count: 2}, {role: security-approver, count: 1}]
 *         methods: [key, keyless]        # accepted signing methods; any, when absent
 *     suites:                            # of tests; the digest is that of the file of the suite
 *       - {model: acme/digits, name: digits, digest: "sha256:..."}
 *
 * @throws AssayError `usage` that names file, line and column; `not-found`, `unreadable`
 */
export async function loadRegistryRules(path: string | null): Promise<RegistryRules> {
  const [candidate, staging, production] = await Promise.all(RULED_STAGES.map((stage) => shippedRules(stage)));
  if (candidate === undefined || staging === undefined || production === undefined) {
    throw new AssayError('internal', 'a stage has no shipped rules');
  }
  const shipped = { candidate, staging, production, suites: new Map() };
  if (path === null) return shipped;
  const source = new YamlSource(await readPolicyFile(path), 'failsafe');
  const document = source.problems.length === 0 ? new RulesReader(source).read() : undefined;
  if (source.problems.length > 0 || document === undefined) throw problemError(path, source.problems, GUIDE);
  const { stages, suites } = document;
  const rules: Record<RuledStage, StageRules> = { candidate, staging, production };
  for (const stage of RULED_STAGES) {
    const own = stages[stage];
    if (own !== undefined) rules[stage] = await rulesOf(own, shipped[stage], path);
  }
  return { ...rules, suites };
}

async function shippedRules(stage: RuledStage): Promise<StageRules> {
  const { policy, approvals } = DEFAULT_RULES[stage];
  return { policy: await loadPolicy(policy), approvals, methods: [] };
}

async function rulesOf(own: StageDocument, shipped: StageRules, path: string): Promise<StageRules> {
  return {
    policy: own.policy === undefined ? shipped.policy : await policyOf(own.policy, path),
    approvals: own.approvals ?? shipped.approvals,
    methods: own.methods ?? shipped.methods,
  };
}

async function policyOf({ text, line, column }: PolicyName, path: string) {
  const isName = SHIPPED_POLICIES.some(({ name }) => name === text) || !/[/\\]|\.ya?ml$/i.test(text);
  const place = isName || isAbsolute(text) ? text : resolve(dirname(path), text);
  try {
    return await loadPolicy(place);
  } catch (cause) {
    // A fault in the policy is reported with its place in the policy file.
    if (!(cause instanceof AssayError) || cause.subject?.startsWith(`${place}:`)) throw cause;
    throw new AssayError('usage', `the policy ${text}: ${cause.message}`, {
      subject: `${path}:${line}:${column}`,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    });
  }
}
