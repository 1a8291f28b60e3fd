import { AssayError } from '../../src/core/index.ts';
import {
  type AllowanceFile,
  allowancesOf,
  type GivenEvidence,
  NO_ALLOWANCES,
  NO_GIVEN_EVIDENCE,
  type Rules,
  type Terms,
} from '../../src/pipeline/evaluate/index.ts';
import { type CompiledPolicy, parseWaivers, policyOf, shippedPolicy } from '../../src/policy/index.ts';
import { BUILT_IN_LISTS } from '../../src/scan/lists/index.ts';
import type { Comparison } from './comparison.ts';
import type { Git } from './git/index.ts';
import type { Inputs } from './inputs.ts';

/** What a run is decided by, all of it as the base commit has it. */
export interface RunRules {
  readonly rules: Rules;
  readonly terms: Terms;
}

/** Larger than any policy, allowances or waivers that somebody reviews. */
const MAX_BYTES = 1024 * 1024;

/** @throws AssayError `usage`, `not-found` naming the input and the file */
export async function readRuling(comparison: Comparison, inputs: Inputs, git: Git, now: Date): Promise<RunRules> {
  const read = (name: string, path: string) => fileAt(git, comparison, name, path);
  const policy = await readPolicy(inputs.policy, read);
  const allowances = inputs.allow === undefined ? NO_ALLOWANCES : await readAllow(inputs.allow, read, now);
  const given = await readGivenEvidence(inputs.waivers, read);
  return {
    rules: { lists: BUILT_IN_LISTS, allowances, notes: [] },
    terms: { policy, failOn: inputs.failOn, given, environment: {}, now },
  };
}

type Read = (name: string, path: string) => Promise<Buffer>;

async function readPolicy(policy: string, read: Read): Promise<CompiledPolicy> {
  if (!/[/\\]|\.ya?ml$/i.test(policy)) return shippedPolicy(policy);
  return policyOf(await read('policy', policy), policy);
}

async function readAllow(path: string, read: Read, now: Date): Promise<AllowanceFile> {
  return allowancesOf((await read('allow', path)).toString('utf8'), path, now);
}

async function readGivenEvidence(paths: readonly string[], read: Read): Promise<GivenEvidence> {
  if (paths.length === 0) return NO_GIVEN_EVIDENCE;
  const waivers = [];
  for (const path of paths) waivers.push(...parseWaivers(await read('waivers', path), path));
  return { ...NO_GIVEN_EVIDENCE, waivers, files: paths };
}

/** A file of the commit that decides. */
async function fileAt(git: Git, { rules }: Comparison, name: string, path: string): Promise<Buffer> {
  const subject = `input ${name}`;
  if (rules === undefined) {
    throw new AssayError('usage', `${path} is read from the default branch, which is not in the checkout`, {
      subject,
      hint: 'give actions/checkout fetch-depth: 0, or name a shipped policy',
    });
  }
  const entry = (await git.ask(['ls-tree', '-z', '--full-tree', rules, '--', path])).bytes.toString('utf8');
  const [, mode = '', oid = ''] = /^(\d+) blob ([0-9a-f]+)\t/.exec(entry) ?? [];
  if (!mode.startsWith('100')) {
    throw new AssayError('not-found', `the base commit ${rules.slice(0, 12)} has no file ${path}`, {
      subject,
      hint: 'merge it first: the policy is never read from the change that it judges',
    });
  }
  const size = Number(await git.text(['cat-file', '-s', oid]));
  if (size > MAX_BYTES) throw new AssayError('usage', `${path} has more than ${MAX_BYTES} bytes`, { subject });
  return (await git.ask(['cat-file', 'blob', oid])).bytes;
}
