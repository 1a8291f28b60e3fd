import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, it } from 'vitest';
import { signStatement } from '../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { createStatement, type StatementInputs } from '../../src/integrity/statements/create.ts';
import { subjectsOf } from '../../src/integrity/statements/subject.ts';
import type { TrustFile, TrustRule } from '../../src/integrity/trust-file/trust-file.ts';
import { type Ballot, openRegistry, type Registry, type RegistryRules } from '../../src/registry/index.ts';
import { digestOf, findingOf, NEWER_RULESET, RULESET } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, codeOf, HOUR, plainRules, registered, SERVICE, standing } from './harness.ts';
import { rita, rolf, sam, selma } from './people.ts';

const rolfs = generateKeyPairSync('ed25519');
const selmas = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const nobodys = generateKeyPairSync('ed25519');

function ruleOf(name: string, key: KeyObject, more: Partial<TrustRule> = {}): TrustRule {
  return { name, trust: { kind: 'key', key }, may: new Set(['approval']), ...more };
}

const TRUST: TrustFile = {
  path: 'trust.yaml',
  rules: [
    ruleOf('rolf', rolfs.publicKey, { roles: ['reviewer'] }),
    ruleOf('selma', selmas.publicKey, { stages: ['production'] }),
    ruleOf('service', SERVICE.publicKey),
  ],
  warnings: [],
};

async function keyRules(): Promise<RegistryRules> {
  const rules = await plainRules();
  return { ...rules, production: { ...rules.production, methods: ['key', 'keyless'] } };
}

describeOnBoth('approvals that approvers sign themselves', (fresh) => {
  const bench = new Bench(fresh);

  async function asked() {
    const rules = await keyRules();
    const registry = await bench.open({ rules, trust: TRUST });
    const version = await standing(registry, 'staging');
    const { id } = await registry.requestTransition(sam, version.id, 'production', '');
    const { policy } = rules.production;
    const sign = async (key: KeyObject, changes: Partial<StatementInputs['approval']> = {}) => {
      const statement = createStatement('approval', {
        subjects: subjectsOf({ tree: version.digest }),
        stage: 'production',
        at: bench.clock.now(),
        policy: { name: policy.name, digest: policy.digest },
        ruleset: RULESET,
        ...changes,
      });
      return JSON.stringify(await signStatement(statement, keySigner(key)));
    };
    return { registry, id, version, sign };
  }

  const ballot = (attestation: string, role: Ballot['role'] = 'reviewer'): Ballot => {
    return { vote: 'approve', role, comment: '', attestation };
  };

  it('count when they verify, and keep the signed statement', async () => {
    const { registry, id, version, sign } = await asked();
    const until = new Date(bench.clock.now().getTime() + HOUR);
    const signed = await sign(rolfs.privateKey);
    await registry.vote(rolf, id, ballot(signed));
    const other = await sign(selmas.privateKey, { until });
    expect(await registry.vote(selma, id, ballot(other, 'security-approver'))).toMatchObject({ state: 'approved' });
    const [, first, second] = await registry.approvals(sam, version.id);
    expect(first).toMatchObject({ method: 'key', attestation: signed, role: 'reviewer', until: null, state: 'valid' });
    expect(second).toMatchObject({ method: 'key', attestation: other, until: until.toISOString() });
    expect(await registry.currentDecisions(sam, { digest: version.digest })).toMatchObject([
      { notAfter: until.toISOString() },
    ]);
  });

  it('are required where a stage allows only the method "key"', async () => {
    const { registry, id } = await asked();
    const vote = registry.vote(rolf, id, { vote: 'approve', role: 'reviewer', comment: '' });
    expect(await codeOf(vote)).toBe('method-not-accepted');
  });

  it('are refused when they name another subject or another signer', async () => {
    const { registry, id, sign } = await asked();
    const head = await registry.auditHead(sam);
    const policy = { name: 'strict', digest: digestOf('other policy') };
    const wrong = [
      sign(nobodys.privateKey),
      sign(selmas.privateKey, { stage: 'staging' }),
      sign(rolfs.privateKey, { stage: 'staging' }),
      sign(rolfs.privateKey, { subjects: subjectsOf({ tree: digestOf('two') }) }),
      sign(rolfs.privateKey, { policy }),
      sign(rolfs.privateKey, { ruleset: NEWER_RULESET }),
      sign(rolfs.privateKey, { until: new Date(bench.clock.now().getTime() - HOUR) }),
      sign(SERVICE.privateKey, { approver: { method: 'service', subject: 'rolf' } }),
      Promise.resolve('{}'),
      Promise.resolve('x'.repeat(2_000_000)),
    ];
    for (const attestation of wrong) {
      expect(await codeOf(registry.vote(rolf, id, ballot(await attestation)))).toBe('bad-attestation');
    }
    // The statement names no request.
    const bare = createStatement('approval', {
      subjects: subjectsOf({ tree: digestOf('one') }),
      stage: 'production',
      at: new Date(),
    });
    const unbound = JSON.stringify(await signStatement(bare, keySigner(rolfs.privateKey)));
    expect(await codeOf(registry.vote(rolf, id, ballot(unbound)))).toBe('bad-attestation');
    // The trust file lets this signer approve in another role.
    const asSecurity = registry.vote(selma, id, ballot(await sign(rolfs.privateKey), 'security-approver'));
    expect(await codeOf(asSecurity)).toBe('bad-attestation');
    expect(await registry.auditHead(sam)).toBe(head);
  });

  it('count once for one key, also when several people submit them', async () => {
    const { registry, id, sign } = await asked();
    await registry.vote(selma, id, ballot(await sign(selmas.privateKey), 'security-approver'));
    expect(await codeOf(registry.vote(rita, id, ballot(await sign(selmas.privateKey))))).toBe('already-voted');
  });

  it('cannot be submitted again by anybody after the request was withdrawn', async () => {
    const { registry, id, version, sign } = await asked();
    const signed = await sign(rolfs.privateKey);
    await registry.vote(rolf, id, ballot(signed));
    await registry.withdraw(sam, id);
    const again = await registry.requestTransition(sam, version.id, 'production', '');
    expect(await codeOf(registry.vote(rita, again.id, ballot(signed)))).toBe('bad-attestation');
    expect(await codeOf(registry.vote(rolf, again.id, ballot(signed)))).toBe('bad-attestation');
    bench.clock.pass(1000);
    const renewed = await registry.vote(rolf, again.id, ballot(await sign(rolfs.privateKey)));
    expect(renewed.needed).toEqual([{ role: 'security-approver', count: 1 }]);
  });

  it('end at the time in the signed statement, not in the vote', async () => {
    const { registry, id, sign } = await asked();
    const until = new Date(bench.clock.now().getTime() + HOUR);
    const vote = registry.vote(rolf, id, { ...ballot(await sign(rolfs.privateKey)), until });
    expect(await codeOf(vote)).toBe('bad-attestation');
  });

  it('need a trust file, and votes from a session need a key of the service', async () => {
    const { openRegistry } = await import('../../src/registry/index.ts');
    const rules = await plainRules();
    const registry: Registry = await openRegistry({ database: await bench.fresh(), rules });
    try {
      const { assessmentOf } = await import('./assessments.ts');
      const { version } = await registry.register(sam, { model: 'm', assessment: assessmentOf() });
      const { id } = await registry.requestTransition(sam, version.id, 'staging', '');
      expect(await codeOf(registry.vote(rolf, id, ballot('{}')))).toBe('no-trust');
      const session = registry.vote(rolf, id, { vote: 'approve', role: 'reviewer', comment: '' });
      expect(await codeOf(session)).toBe('no-approval-key');
    } finally {
      await registry.close();
    }
  });
});

const SUSPICIOUS = { verdict: 'suspicious', findings: [findingOf('pickle.global.unlisted')] } as const;

describeOnBoth('waivers that their grantors sign themselves', (fresh) => {
  const bench = new Bench(fresh);
  const request = {
    rule: 'pickle.global.unlisted',
    digest: digestOf('one'),
    file: 'weights-0.safetensors',
    reason: 'our own class',
    owner: 'ml@acme.example',
    expires: '2027-01-31',
  };
  const trust = { ...TRUST, rules: [ruleOf('selma', selmas.publicKey, { may: new Set(['waiver']) }), ...TRUST.rules] };

  async function sign(key: KeyObject, changes: Partial<StatementInputs['waiver']> = {}): Promise<string> {
    const { rule, file, reason, owner } = request;
    const statement = createStatement('waiver', {
      subjects: subjectsOf({ tree: request.digest }),
      ...{ rule, file, reason, owner },
      at: bench.clock.now(),
      expires: new Date('2027-01-31T00:00:00Z'),
      ...changes,
    });
    return JSON.stringify(await signStatement(statement, keySigner(key)));
  }

  it('count when they match the request, and keep the signed statement', async () => {
    const registry = await bench.open({ trust });
    await registered(registry, SUSPICIOUS);
    const attestation = await sign(selmas.privateKey);
    const { id } = await registry.addWaiver(selma, { ...request, attestation });
    expect(await registry.waiversFor(sam, request.digest)).toMatchObject([{ id, method: 'key', attestation }]);
    const told = (await registry.auditLog(sam)).items.find(({ action }) => action === 'waiver.added');
    expect(told?.detail).toMatchObject({ id, method: 'key', statement: expect.stringMatching(/^sha256:/) });
  });

  it('are refused when they do not verify', async () => {
    const registry = await bench.open({ trust });
    await registered(registry, SUSPICIOUS);
    const add = async (attestation: string) => codeOf(registry.addWaiver(selma, { ...request, attestation }));
    const key = selmas.privateKey;
    const another: Partial<StatementInputs['waiver']>[] = [
      { rule: 'verdict.suspicious' },
      { file: 'other.pkl' },
      { reason: 'another' },
      { owner: 'another' },
      { expires: new Date('2027-02-01T00:00:00Z') },
      { subjects: subjectsOf({ tree: digestOf('two') }) },
      { approver: { method: 'service', subject: 'selma' } },
    ];
    for (const changes of another) expect(await add(await sign(key, changes))).toBe('bad-attestation');
    // The trust file decides which role can waive.
    for (const { privateKey } of [rolfs, nobodys, SERVICE])
      expect(await add(await sign(privateKey))).toBe('bad-attestation');
    for (const text of ['', '{}', 'x'.repeat(2 * 1024 * 1024)]) expect(await add(text)).toBe('bad-attestation');
    expect((await registry.waivers(sam)).items).toEqual([]);
    const untrusting = await bench.open();
    await registered(untrusting, SUSPICIOUS);
    expect(await codeOf(untrusting.addWaiver(selma, { ...request, attestation: await sign(key) }))).toBe('no-trust');
  });

  it('are required where the service has no signing key and where a stage requires them', async () => {
    const { database, rules, now } = { database: await fresh(), rules: await keyRules(), now: bench.clock.now };
    const keyless = await openRegistry({ database, rules, trust, now });
    try {
      await registered(keyless, SUSPICIOUS);
      expect(await codeOf(keyless.addWaiver(selma, request))).toBe('no-approval-key');
    } finally {
      await keyless.close();
    }
    const registry = await bench.open({ database, rules, trust });
    const { version } = await registered(registry, SUSPICIOUS);
    const actions = async () => (await registry.decisions(sam, version.id)).map(({ decision }) => decision.action);
    expect(await actions()).toEqual(['deny', 'deny', 'deny']);
    await registry.addWaiver(selma, { ...request, rule: 'verdict.suspicious' });
    expect(await actions()).toEqual(['allow', 'allow', 'deny']);
    await registry.addWaiver(selma, { ...request, attestation: await sign(selmas.privateKey) });
    expect(await actions()).toEqual(['allow', 'allow', 'allow']);
  });
});
