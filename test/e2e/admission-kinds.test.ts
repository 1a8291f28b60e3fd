import { describe, expect, it } from 'vitest';
import { requirePart, STORY } from '../support/parts.ts';
import { REFUSED, SAMPLES } from './admission/cases/index.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { ALL_NAMESPACES, onGround } from './admission/ground.ts';
import { APPROVED, decisions, STRAY } from './admission/models.ts';
import { CUSTOM_KINDS, FLEET, pathOf } from './admission/objects.ts';

const OTHERS = 100_000;
const ONE_MORE = `{"apiGroups":["${FLEET.group}"],"apiVersions":["*"],"operations":["CREATE","UPDATE"],"resources":["*"],"scope":"Namespaced"}`;
const label = ({ kind, title }: { readonly kind: string; readonly title?: string }) =>
  title === undefined ? kind : `${kind} ${title}`;

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  'every kind on a real API server',
  () => {
    const ground = onGround({
      entries: decisions(OTHERS),
      crds: CUSTOM_KINDS,
      values: [ALL_NAMESPACES],
      jsonValues: [`gate.extraRules=[${ONE_MORE}]`],
    });

    describe('is admitted with an approved model, and refused with another, with the model, the reason and the remedy in the message:', () => {
      it.each(SAMPLES.map((sample) => ({ ...sample, label: label(sample) })))('$label (%#)', async (sample) => {
        const { kind, body, says, isData } = sample;
        const yes = await ground().send(kind, body(APPROVED));
        expect({ status: yes.status, message: yes.body.message, warnings: yes.warnings }).toEqual({
          status: 201,
          message: undefined,
          warnings: [],
        });
        const no = await ground().send(kind, body(STRAY));
        if (isData) {
          expect([no.status, no.warnings]).toEqual([201, []]);
          const { name } = no.body.metadata;
          const { rulings } = await ground().webhook.record((record) => record.name === name);
          expect(rulings).toContainEqual(expect.objectContaining({ outcome: 'unlisted', action: 'audit' }));
          return;
        }
        expect(no.status, no.body.message).toBe(403);
        expect(no.body.message).toContain('validate');
        expect(no.body.message).toContain(says(STRAY));
        expect(no.body.message).toMatch(/not approved/);
        expect(no.body.message).toMatch(/assay approve \S*(?:stray|llama)/);
      });
    });

    describe('is refused with an unresolved or unpinned model:', () => {
      it.each(REFUSED.map((refused) => ({ ...refused, label: label(refused) })))(
        '$label (%#)',
        async ({ kind, body, says }) => {
          const { status, body: answer } = await ground().send(kind, body);
          expect(status, answer.message).toBe(403);
          expect(answer.message).toMatch(says);
        },
      );
    });

    it('is not stored when it was refused', async () => {
      const kinds = [...new Set(SAMPLES.map(({ kind }) => kind))];
      const admitted = SAMPLES.length + SAMPLES.filter(({ isData }) => isData).length;
      let found = 0;
      for (const kind of kinds) {
        const { body } = await ground().kube.request('GET', pathOf(kind, 'default'));
        found += body.items.length;
        if (!SAMPLES.some((sample) => sample.kind === kind && sample.isData))
          expect(JSON.stringify(body.items)).not.toContain(STRAY.commit);
      }
      expect(found).toBe(admitted);
    });
  },
  STORY,
);
