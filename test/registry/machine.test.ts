import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRegistryError, type Principal, type Registry, type Role, type Stage } from '../../src/registry/index.ts';
import { digestOf } from './assessments.ts';
import { describeOnBoth } from './databases.ts';
import { Bench, HOUR, registered } from './harness.ts';
import { person } from './people.ts';

const PEOPLE: readonly Principal[] = [
  person('sam', 'submitter'),
  person('rita', 'reviewer'),
  person('selma', 'security-approver', 'reviewer'),
  person('ada', 'admin', 'reviewer', 'security-approver'),
];

type Step =
  | { readonly kind: 'ask'; readonly by: Principal; readonly to: Stage }
  | {
      readonly kind: 'vote';
      readonly by: Principal;
      readonly role: Role;
      readonly vote: 'approve' | 'reject';
      readonly ends: boolean;
    }
  | {
      readonly kind: 'withdraw' | 'quarantine' | 'retire' | 'revoke' | 'reevaluate' | 'register';
      readonly by: Principal;
    }
  | { readonly kind: 'wait' };

const by = fc.constantFrom(...PEOPLE);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      by,
      to: fc.constantFrom<Stage>('staging', 'production', 'candidate', 'retired', 'quarantined'),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      by,
      role: fc.constantFrom<Role>('reviewer', 'security-approver'),
      vote: fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'reject' as const),
      ends: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'withdraw' as const,
        'quarantine' as const,
        'retire' as const,
        'revoke' as const,
        'reevaluate' as const,
        'register' as const,
      ),
      by,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

describeOnBoth('random sequences of actions', (fresh) => {
  const bench = new Bench(fresh);

  async function take(registry: Registry, id: string, one: Step): Promise<void> {
    const open = (await registry.transitions(PEOPLE[0] as Principal, { version: id, state: 'open' })).items[0];
    switch (one.kind) {
      case 'ask':
        await registry.requestTransition(one.by, id, one.to, 'so');
        return;
      case 'vote': {
        const until = one.ends ? { until: new Date(bench.clock.now().getTime() + HOUR) } : {};
        await registry.vote(one.by, open?.id ?? 'none', { vote: one.vote, role: one.role, comment: '', ...until });
        return;
      }
      case 'withdraw':
        await registry.withdraw(one.by, open?.id ?? 'none');
        return;
      case 'quarantine':
      case 'retire':
        await registry[one.kind](one.by, id, 'so');
        return;
      case 'revoke': {
        const live = (await registry.approvals(one.by, id)).find(({ state }) => state === 'valid');
        await registry.revoke(one.by, live?.id ?? 'none', 'so');
        return;
      }
      case 'reevaluate':
        await registry.reevaluate(one.by);
        return;
      case 'register':
        await registered(registry);
        return;
      case 'wait':
        bench.clock.pass(HOUR);
    }
  }

  /** Checks the invariants. */
  async function check(registry: Registry, id: string, before: Stage): Promise<Stage> {
    const me = PEOPLE[0] as Principal;
    const { stage } = await registry.version(me, { id });
    const ways: Record<Stage, readonly Stage[]> = {
      candidate: ['candidate', 'staging', 'quarantined'],
      staging: ['staging', 'production', 'quarantined'],
      production: ['production', 'retired', 'quarantined'],
      retired: ['retired', 'quarantined'],
      quarantined: ['quarantined', 'candidate'],
    };
    expect(ways[before]).toContain(stage);
    const transitions = (await registry.transitions(me, { version: id, limit: 200 })).items;
    const approvals = await registry.approvals(me, id);
    const [answer] = await registry.currentDecisions(me, { digest: digestOf('one') });
    const needs = { staging: ['reviewer'], production: ['reviewer', 'security-approver'] } as const;
    for (const to of ['staging', 'production'] as const) {
      // One approved transition to this stage exists with live approvals by distinct people, none the requester, in each role.
      const holds = transitions.some((transition) => {
        if (transition.to !== to || transition.state !== 'approved') return false;
        const votes = transition.votes.filter(({ vote, approval }) => {
          const record = approvals.find((one) => one.id === approval);
          const isLive =
            record?.state === 'valid' && (record.until === null || new Date(record.until) > bench.clock.now());
          return vote === 'approve' && isLive;
        });
        const people = votes.map((vote) => vote.by);
        expect(new Set(people).size).toBe(people.length);
        expect(people).not.toContain(transition.requestedBy);
        return needs[to].every((role) => votes.some((vote) => vote.role === role));
      });
      const passed = stage === to || (to === 'staging' && stage === 'production');
      expect(answer?.approvedFor.includes(to) ?? false).toBe(holds && passed);
      if (stage === to) expect(answer?.action).toBe(holds ? 'allow' : 'deny');
    }
    if (stage === 'quarantined' || stage === 'retired')
      expect(answer).toMatchObject({ action: 'deny', approvedFor: [] });
    return stage;
  }

  it('never put a version into a stage without approval, and always leave an intact audit log', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const registry = await bench.open();
        try {
          const { version } = await registered(registry);
          let stage: Stage = version.stage;
          for (const one of steps) {
            const head = await registry.auditHead(PEOPLE[0] as Principal);
            try {
              await take(registry, version.id, one);
            } catch (error) {
              // A refused action writes nothing.
              if (!isRegistryError(error) || error.code === 'internal') throw error;
              expect(await registry.auditHead(PEOPLE[0] as Principal)).toBe(head);
            }
            stage = await check(registry, version.id, stage);
          }
          expect(await registry.verifyAuditLog(PEOPLE[0] as Principal)).toMatchObject({ kind: 'intact' });
        } finally {
          await bench.closeAll();
        }
      }),
      { numRuns: 25 },
    );
  }, 240_000);
});
