import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { baselineDigests } from '../../../admission-webhook/src/baseline.ts';
import { type OpenBreakGlass, openBreakGlass } from '../../../admission-webhook/src/snapshot-feed/break-glass.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement, type StatementInputs } from '../../../src/integrity/statements/create.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { digestOf } from '../../support/oci-registry.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { answerFor, pod, production, runs, vllm } from '../decide/evasions.ts';
import { gateOf, NOW } from '../decide/support.ts';

const root = tempFolder();
const owner = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const DAY_MS = 86_400_000;
const END = new Date(NOW.getTime() + 30 * DAY_MS);
const opened: OpenBreakGlass[] = [];
let folders = 0;
let held: Awaited<ReturnType<typeof production>>;
beforeAll(async () => {
  held = await production();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const job = pod(runs('acme/x', { command: ['sh', '-c', 'run'] }));

function templatesOf(...objects: readonly object[]): readonly string[] {
  return objects.flatMap((object) =>
    baselineDigests('models', object, extractReferences(object)).map(({ digest }) => digest),
  );
}

type Input = StatementInputs['baseline'];
async function baseline(more: Partial<Input> = {}, key: KeyObject = owner.privateKey): Promise<Buffer> {
  const input = { templates: templatesOf(job), reason: 'enforcement began', owner: 'ops', at: NOW, expires: END };
  return Buffer.from(
    JSON.stringify(await signStatement(createStatement('baseline', { ...input, ...more }), keySigner(key))),
  );
}

function newFolder(may = 'baseline'): { readonly folder: string; readonly trust: string } {
  const base = join(root, `${++folders}`);
  const folder = join(base, 'waivers');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(base, 'owner.pub'), owner.publicKey.export({ type: 'spki', format: 'pem' }));
  const trust = join(base, 'trust.yaml');
  writeFileSync(trust, `version: 1\nsigners:\n  - {name: platform, key: owner.pub, may: [${may}]}\n`);
  return { folder, trust };
}

async function open(place: { readonly folder: string; readonly trust: string }, now = NOW): Promise<OpenBreakGlass> {
  const source = await openBreakGlass({ ...place, pollMs: 200, now: () => now });
  opened.push(source);
  return source;
}

async function stateOf(bytes: Uint8Array, { may = 'baseline', now = NOW } = {}) {
  const place = newFolder(may);
  writeFileSync(join(place.folder, 'baseline.json'), bytes);
  const source = await open(place, now);
  return {
    source,
    state: gateOf(held.snapshot, { defaults: { stage: 'production' } }, { baselines: source.baselines() }),
  };
}

describe('a signed baseline', () => {
  it('lets go on what ran, with a warning, and is recorded with who signed it', async () => {
    const bytes = await baseline();
    const { source, state } = await stateOf(bytes);
    expect(source.health().problem).toBeNull();
    expect(answerFor(job, held).allowed).toBe(false);
    const { allowed, warnings, auditAnnotations, record } = answerFor(job, state);
    expect(allowed).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/^it ran when enforcement began \(baseline of ops until 20/)]);
    expect(auditAnnotations.baseline).toBe(digestOf(bytes));
    const used = {
      owner: 'ops',
      expires: END.toISOString().replace('.000', ''),
      by: 'platform',
      digest: digestOf(bytes),
    };
    expect(record.rulings.filter((one) => one.baseline !== undefined).map((one) => one.baseline)).toEqual([used]);
  });

  it('knows the Pod that comes back from a drained node, under another name and with another token', async () => {
    const { state } = await stateOf(await baseline());
    const token = {
      name: 'kube-api-access-zz9x1',
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      readOnly: true,
    };
    const again = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'llm-7d-', ownerReferences: [{ kind: 'ReplicaSet', name: 'llm-7d' }] },
      spec: {
        containers: [{ name: 'c', ...runs('acme/x', { command: ['sh', '-c', 'run'] }), volumeMounts: [token] }],
        volumes: [{ name: token.name, projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
        nodeSelector: { pool: 'other' },
        tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists' }],
      },
    };
    expect(answerFor(again, state).allowed).toBe(true);
  });

  it('ends at its end, and with any byte that changes', async () => {
    const bytes = await baseline({ expires: new Date(NOW.getTime() + 1_000) });
    const { state } = await stateOf(bytes);
    expect(answerFor(job, state).allowed).toBe(true);
    // The end passes while it is held; and it is not taken when it has passed.
    const [one] = state.baselines;
    expect(one).toBeDefined();
    const late = await stateOf(bytes, { now: new Date(NOW.getTime() + 1_000) });
    expect(late.source.baselines()).toEqual([]);
    const ended = await baseline({ at: new Date(NOW.getTime() - DAY_MS), expires: NOW });
    expect((await stateOf(ended, { now: new Date(NOW.getTime() - 60_000) })).source.baselines()).toHaveLength(1);
    const past = await stateOf(ended, { now: new Date(NOW.getTime() - 60_000) });
    expect(answerFor(job, past.state).allowed).toBe(false);
    const changed = [
      runs('acme/x', { command: ['sh', '-c', 'run '] }),
      runs('acme/y', { command: ['sh', '-c', 'run'] }),
    ];
    for (const container of changed) expect(answerFor(pod(container), state).allowed).toBe(false);
  });

  it('does not hold before it was signed', async () => {
    const later = await baseline({
      at: new Date(NOW.getTime() + DAY_MS),
      expires: new Date(NOW.getTime() + 2 * DAY_MS),
    });
    expect(answerFor(job, (await stateOf(later)).state).allowed).toBe(false);
  });

  it('lets no denied model run, and no other namespace', async () => {
    const bad = pod({ ...vllm(), args: ['--model', 'bad/denied', '--revision', '2'.repeat(40)] });
    const { state } = await stateOf(await baseline({ templates: templatesOf(bad, job) }));
    expect(answerFor(bad, state).allowed).toBe(false);
    expect(answerFor(job, state, { namespace: 'elsewhere' }).allowed).toBe(false);
  });

  it('is refused with the reason when it is not signed by somebody who may, or is changed', async () => {
    const good = await baseline();
    const flipped = Buffer.from(good);
    const at = good.indexOf('"payload":"') + 400;
    flipped[at] = flipped[at] === 0x41 ? 0x42 : 0x41;
    const statement = createStatement('baseline', {
      templates: templatesOf(job),
      reason: 'r',
      owner: 'o',
      at: NOW,
      expires: END,
    });
    const other = { ...statement, predicate: { ...statement.predicate, templates: ['a'.repeat(64)] } };
    const swapped = Buffer.from(JSON.stringify(await signStatement(other, keySigner(owner.privateKey))));
    const wrong: readonly [Uint8Array, RegExp, string?][] = [
      [await baseline({}, stranger.privateKey), /baseline\.json: /],
      [flipped, /baseline\.json: /],
      [good, /may not sign baselines/, 'break-glass'],
      [swapped, /its templates differ from its subject/],
    ];
    for (const [bytes, message, may = 'baseline'] of wrong) {
      const { source, state } = await stateOf(bytes, { may });
      expect(source.health().problem).toMatch(message);
      expect(source.baselines()).toEqual([]);
      expect(answerFor(job, state).allowed).toBe(false);
    }
  });

  it('ends when its file is removed, or its signer is no longer trusted', async () => {
    const place = newFolder();
    const path = join(place.folder, 'one.json');
    writeFileSync(path, await baseline());
    const source = await open(place);
    expect(source.baselines()).toHaveLength(1);
    rmSync(path);
    await until('no baseline holds', () => source.baselines().length === 0);
    writeFileSync(path, await baseline());
    await until('it holds again', () => source.baselines().length === 1);
    writeFileSync(place.trust, readFileSync(place.trust, 'utf8').replace('[baseline]', '[snapshot]'));
    await until('nobody may sign', () => source.baselines().length === 0);
  });

  it.each<[Partial<Input>, RegExp]>([
    [{ expires: new Date(NOW.getTime() + 180 * DAY_MS + 1_000) }, /more than 180 days/],
    [{ expires: NOW }, /expires before it begins/],
    [{ templates: [] }, /is empty/],
    [{ templates: ['x'] }, /is not a digest/],
    [{ owner: '' }, /is empty/],
    [{ reason: '' }, /is empty/],
  ])('cannot be created with %j', async (more, message) => {
    await expect(baseline(more)).rejects.toThrow(message);
  });
});
