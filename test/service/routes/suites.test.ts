import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { CI, SCANNER, signedRun } from '../../registry/test-runs/lab.ts';
import { DIGITS } from '../../support/digits.ts';
import { tempFolder } from '../../support/temp.ts';
import { onEveryGround } from './backends.ts';
import type { Client } from './harness.ts';
import { ended, register, sha256, uploadAll } from './requests.ts';

const folder = tempFolder();
const suites = join(folder, 'suites');
mkdirSync(suites);
copyFileSync(join(DIGITS, 'held-out.npz'), join(suites, 'held-out.npz'));
const suiteText = (min: number) => `version: 1
name: digits
data: { rows: { inputs: [{ file: held-out.npz, columns: [X] }], labels: "held-out.npz#y" } }
tests: [{ id: accuracy, kind: accuracy, data: rows, min: ${min} }]
`;
writeFileSync(join(suites, 'digits.yaml'), suiteText(0.9));
writeFileSync(join(suites, 'easy.yaml'), suiteText(0.01));
const ASKED = { name: 'digits', digest: `sha256:${sha256(Buffer.from(suiteText(0.9)))}` };

/** The rules about tests of the shipped policy for production, alone: an ONNX model has to meet no others. */
const shipped = parse(readFileSync(new URL('../../../policies/production.yaml', import.meta.url), 'utf8'));
type Named = { readonly id?: string; readonly name?: string };
writeFileSync(
  join(folder, 'asked.yaml'),
  stringify({
    ...shipped,
    metadata: { name: 'asked' },
    spec: {
      variables: shipped.spec.variables.filter(({ name }: Named) => name === 'own_runs' || name === 'test_command'),
      validations: shipped.spec.validations.filter(({ id }: Named) => id?.startsWith('tests.')),
    },
  }),
);
writeFileSync(
  join(folder, 'rules.yaml'),
  `version: 1
stages:
  staging: { policy: asked.yaml, approvals: [{ role: reviewer, count: 1 }] }
suites:
  - { model: acme/digits, name: digits, digest: "${ASKED.digest}" }
`,
);
for (const [name, { publicKey }] of Object.entries({ ci: CI, scanner: SCANNER }))
  writeFileSync(join(folder, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
writeFileSync(
  join(folder, 'trust.yaml'),
  'version: 1\nsigners:\n  - { name: ci, key: ci.pub, may: [tests] }\n  - { name: scanner, key: scanner.pub, may: [scan] }\n',
);
const MODEL = 'acme/digits';

onEveryGround(
  'suites that are asked of models',
  (service) => {
    let sam: Client;
    let vera: Client;
    let rita: Client;
    let selma: Client;
    let count = 0;
    beforeAll(async () => {
      sam = await service().as('sam', ['submitter']);
      vera = await service().as('vera', ['viewer']);
      rita = await service().as('rita', ['reviewer']);
      selma = await service().as('selma', ['security-approver']);
    });

    const onnx = (name: 'good' | 'flipped') => ({ path: 'm.onnx', bytes: readFileSync(join(DIGITS, `${name}.onnx`)) });
    /** A version of other bytes each time, which may bring files of its own. */
    async function fresh(name: 'good' | 'flipped' = 'good', ...files: { path: string; bytes: Buffer }[]) {
      count++;
      const readme = { path: 'README.md', bytes: Buffer.from(`# ${count}\n`) };
      return register(sam, MODEL, [onnx(name), readme, ...files]);
    }
    async function test(version: string, suite = 'digits') {
      const { body } = await sam.call('POST', '/v1/tests', { version, suite });
      return ended(sam, body.id);
    }
    const ask = (version: string) =>
      sam.call('POST', `/v1/versions/${version}/transition-requests`, { to: 'staging', comment: 'x' });
    const runs = async (version: string) => (await vera.call('GET', `/v1/versions/${version}/tests`)).body;

    it('let a version move when a job of the service has run them', async () => {
      const { id } = await fresh();
      const refused = await ask(id);
      expect(refused.body.code).toBe('denied');
      expect(refused.body.detail).toContain(`the suite digits (${ASKED.digest}) is asked for`);
      expect(refused.body.detail).toContain('(assay test MODEL --suite digits.yaml --attest tests.intoto.json');
      const job = await test(id);
      expect(job).toMatchObject({ state: 'done', outcome: 'pass' });
      const { suite, check, items } = await runs(id);
      expect({ suite, check: check.status }).toEqual({ suite: ASKED, check: 'pass' });
      expect(items).toMatchObject([
        { state: 'counts', status: 'pass', method: 'service', signer: 'the service', device: 'cpu', suite: ASKED },
      ]);
      expect(items[0].baseline).toBeNull();
      expect(items[0].model).toEqual({ path: 'm.onnx', sha256: sha256(onnx('good').bytes), data: [] });
      expect(items[0]).not.toHaveProperty('attestation');
      const { items: log } = (await vera.call('GET', '/v1/audit?subject=acme%2Fdigits')).body;
      const entry = log.find(({ action }: { readonly action: string }) => action === 'test.ended');
      expect(entry.detail).toMatchObject({ job: job.id, run: items[0].id });
      const asked = await ask(id);
      await rita.call('POST', `/v1/transitions/${asked.body.id}/approve`, { comment: 'x' });
      const approvals = (await vera.call('GET', `/v1/versions/${id}/approvals`)).body.items;
      expect(approvals).toMatchObject([{ state: 'valid', suite: ASKED }]);
      const page = await (await vera.raw(`/console/versions/${id}`)).text();
      expect(page).toContain('The rules ask the suite');
      expect(page).toContain(ASKED.digest);
    });

    it('are not answered by a model that fails them, by another suite, or by one that the artifact brings', async () => {
      const failing = await fresh('flipped');
      expect((await test(failing.id)).outcome).toBe('fail');
      expect((await ask(failing.id)).body.detail).toContain('tests.failed');
      const easy = await fresh('flipped');
      expect((await test(easy.id, 'easy')).outcome).toBe('pass');
      expect((await runs(easy.id)).items).toMatchObject([{ state: 'other-suite', status: 'pass' }]);
      expect((await ask(easy.id)).body.detail).toContain('tests by another suite do not count');
      const own = await fresh('flipped', { path: 'digits.yaml', bytes: Buffer.from(suiteText(0.01)) });
      expect((await test(own.id)).outcome).toBe('fail');
    });

    it('count a run that a trusted signer attests, whoever brings it', async () => {
      const { id } = await fresh();
      const bring = async (key: typeof CI) =>
        sam.call('POST', `/v1/versions/${id}/tests`, {
          attestation: await signedRun(onnx('good').bytes, ASKED, key),
        });
      expect((await bring(SCANNER)).body.code).toBe('bad-attestation');
      expect((await bring(CI)).body).toMatchObject({ state: 'counts', method: 'key' });
      expect((await ask(id)).status).toBe(201);
    });

    it('deny again when a run is revoked, by who may waive alone', async () => {
      const { id } = await fresh();
      await test(id);
      const [run] = (await runs(id)).items;
      // Beside the approved version of the first test, which has the same model.
      expect(run.baseline).toBe(sha256(onnx('good').bytes));
      for (const client of [sam, vera, rita])
        expect((await client.call('POST', `/v1/test-runs/${run.id}/revoke`, { reason: 'x' })).body.code).toBe(
          'missing-role',
        );
      const form = await (await selma.raw(`/console/versions/${id}/tests/${run.id}/revoke`)).text();
      expect(form).toContain(ASKED.digest);
      expect(form).toContain('Revoke the run');
      const revoked = await selma.call('POST', `/v1/test-runs/${run.id}/revoke`, { reason: 'wrong rows' });
      expect(revoked.body).toMatchObject({ state: 'revoked', why: 'wrong rows' });
      expect((await ask(id)).body.code).toBe('denied');
      const page = await (await selma.raw(`/console/versions/${id}`)).text();
      expect(page).toContain('wrong rows');
    });

    it('are invisible to other tenants, and so are their runs', async () => {
      const { id } = await fresh();
      await test(id);
      const [run] = (await runs(id)).items;
      const eve = await service().as('eve', ['admin'], 'evil');
      expect((await eve.call('GET', `/v1/versions/${id}/tests`)).status).toBe(404);
      expect((await eve.call('POST', `/v1/versions/${id}/tests`, { attestation: '{}' })).status).not.toBe(201);
      expect((await eve.call('POST', `/v1/test-runs/${run.id}/revoke`, { reason: 'x' })).status).toBe(404);
      // The same bytes under the same name are another model there.
      const bytes = [onnx('good'), { path: 'README.md', bytes: Buffer.from(`# ${count}\n`) }];
      const theirs = await register(eve, MODEL, bytes);
      expect((await eve.call('GET', `/v1/versions/${theirs.id}/tests`)).body).toMatchObject({
        suite: ASKED,
        items: [],
      });
    });

    it('count for the version that has the tested bytes, and say when there is none', async () => {
      const upload = await uploadAll(sam, [onnx('good'), { path: 'x.md', bytes: Buffer.from('unknown') }]);
      const { body } = await sam.call('POST', '/v1/tests', { upload, suite: 'digits', model: 'acme/none' });
      await ended(sam, body.id);
      const { items } = (await vera.call('GET', '/v1/audit?subject=acme%2Fnone')).body;
      const entry = items.find(({ action }: { readonly action: string }) => action === 'test.ended');
      expect(entry.detail).toMatchObject({ outcome: 'pass', notKept: 'the model has no version of these bytes' });
    });
  },
  { suites, rules: join(folder, 'rules.yaml'), trust: join(folder, 'trust.yaml') },
);
