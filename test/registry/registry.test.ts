import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import { loadRegistryRules, openRegistry, type Registry } from '../../src/registry/index.ts';
import { assessmentOf } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { rita, sam, selma } from './people.ts';

const key = generateKeyPairSync('ed25519');

describeOnBoth('registry', (fresh) => {
  let registry: Registry | undefined;
  afterEach(() => registry?.close());

  it('brings a version to staging', async () => {
    registry = await openRegistry({
      database: await fresh(),
      rules: await loadRegistryRules(null),
      approvalSigner: keySigner(key.privateKey),
    });
    const { version, created, decision } = await registry.register(sam, {
      model: 'acme/model',
      assessment: assessmentOf(),
    });
    expect(created).toBe(true);
    expect(decision.decision.action).toBe('allow');
    const asked = await registry.requestTransition(sam, version.id, 'staging', 'please');
    expect(asked.needed).toEqual([{ role: 'reviewer', count: 1 }]);
    const voted = await registry.vote(rita, asked.id, { vote: 'approve', role: 'reviewer', comment: 'ok' });
    expect(voted.state).toBe('approved');
    expect(await registry.gate(selma, { digest: version.digest })).toMatchObject([
      { stage: 'staging', action: 'allow', approvedFor: ['staging'] },
    ]);
    expect(await registry.verifyAuditLog(sam)).toMatchObject({ kind: 'intact' });
  });
});
