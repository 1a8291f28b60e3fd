import { generateKeyPairSync } from 'node:crypto';
import { afterEach } from 'vitest';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { policyOf } from '../../src/policy/load.ts';
import {
  type ClaimedJob,
  isRegistryError,
  loadRegistryRules,
  openRegistry,
  type Principal,
  type Registered,
  type Registry,
  type RegistryOptions,
  type RegistryRules,
  type Stage,
  type Transition,
} from '../../src/registry/index.ts';
import { assessmentOf, type Sample } from './assessments.ts';
import type { FreshDatabase } from './databases.ts';
import { rita, rolf, sam, selma } from './people.ts';

export const SERVICE = generateKeyPairSync('ed25519');

/** The shipped rules without the signature for production, so that plain samples can reach production. */
export async function plainRules(): Promise<RegistryRules> {
  const shipped = await loadRegistryRules(null);
  return { ...shipped, production: { ...shipped.production, policy: shipped.staging.policy } };
}

/** A policy with one rule: the shipped policies have too many for small tests. */
export function policyOfRule(expression: string, action = 'deny', name = 'ours') {
  const text = `
apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: {name: ${name}, description: for tests}
spec:
  validations:
    - {id: the-rule, action: ${action}, message: it does not hold, expression: ${JSON.stringify(expression)}}
`;
  return policyOf(Buffer.from(text), `${name}.yaml`);
}

/** A clock that tests can set. */
export class Clock {
  #time = Date.parse('2026-12-01T08:00:00Z');
  readonly now = () => new Date(this.#time);

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

export const HOUR = 3_600_000;

/** Opens registries, and closes them after each test. */
export class Bench {
  readonly clock = new Clock();
  readonly #fresh: FreshDatabase;
  readonly #open: Registry[] = [];

  constructor(fresh: FreshDatabase) {
    this.#fresh = fresh;
    afterEach(() => this.closeAll());
  }

  async closeAll(): Promise<void> {
    for (const registry of this.#open.splice(0)) await registry.close();
  }

  /** A registry over a new database, or over an existing one. */
  async open({ keyless, ...options }: Partial<RegistryOptions> & { readonly keyless?: true } = {}): Promise<Registry> {
    const registry = await openRegistry({
      database: options.database ?? (await this.#fresh()),
      rules: await plainRules(),
      ...(keyless ? {} : { approvalSigner: keySigner(SERVICE.privateKey) }),
      now: this.clock.now,
      ...options,
    });
    this.#open.push(registry);
    return registry;
  }

  fresh(): Promise<string> {
    return this.#fresh();
  }
}

export async function registered(
  registry: Registry,
  sample: Sample = {},
  model = 'acme/model',
  by: Principal = sam,
): Promise<Registered> {
  return registry.register(by, { model, assessment: assessmentOf(sample) });
}

/** Moves a version to the next stage, with all approvals that the rules require. */
export async function promote(registry: Registry, version: string, to: 'staging' | 'production'): Promise<Transition> {
  const { id } = await registry.requestTransition(sam, version, to, 'please');
  if (to === 'staging') return registry.vote(rita, id, { vote: 'approve', role: 'reviewer', comment: '' });
  await registry.vote(rolf, id, { vote: 'approve', role: 'reviewer', comment: '' });
  return registry.vote(selma, id, { vote: 'approve', role: 'security-approver', comment: 'seen' });
}

/** A version in a stage. */
export async function standing(registry: Registry, stage: Stage, sample: Sample = {}): Promise<Registered['version']> {
  const { version } = await registered(registry, sample);
  if (stage === 'staging' || stage === 'production') await promote(registry, version.id, 'staging');
  if (stage === 'production') await promote(registry, version.id, 'production');
  return registry.version(sam, { id: version.id });
}

/** The code of the registry's refusal. */
export async function codeOf(refused: Promise<unknown>): Promise<string> {
  try {
    await refused;
  } catch (error) {
    if (isRegistryError(error)) return error.code;
    throw error;
  }
  return 'nothing was refused';
}

/** Takes the job, if it can be had: others that are taken on the way are returned. */
export async function claimNamed({ jobs }: Registry, id: string, leaseMs: number): Promise<ClaimedJob | undefined> {
  const taken = await jobs.claim('worker', leaseMs, 100);
  for (const one of taken) if (one.job.id !== id) await jobs.finish(one, { kind: 'released' });
  return taken.find(({ job }) => job.id === id);
}
