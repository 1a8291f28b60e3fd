import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DIGITS } from '../support/digits.ts';
import { STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { localGround, type Opened, serviceGround, writeFiles, writeKey } from './registry-ground.ts';
import { runCli } from './run-cli.ts';

const ONE_LINE = /^assay: [^\n]+\n$/;
const ALICE = 'alice';
const BOB = 'bob';

/** Writes a model, suites, keys, and rules that ask a suite of the model. @returns the digests of the suites */
async function writeGround(root: string): Promise<{ readonly ask: (suite: 'digits' | 'easy' | null) => void }> {
  writeFiles(root);
  writeKey(root, 'ci');
  copyFileSync(join(DIGITS, 'good.onnx'), join(root, 'm.onnx'));
  copyFileSync(join(DIGITS, 'held-out.npz'), join(root, 'held-out.npz'));
  for (const [name, min] of [
    ['digits', 0.9],
    ['easy', 0.01],
  ] as const)
    writeFileSync(
      join(root, `${name}.yaml`),
      `version: 1
name: ${name}
data: { rows: { inputs: [{ file: held-out.npz, columns: [X] }], labels: "held-out.npz#y" } }
tests: [{ id: accuracy, kind: accuracy, data: rows, min: ${min} }]
`,
    );
  const trust = readFileSync(join(root, 'trust.yaml'), 'utf8');
  writeFileSync(join(root, 'trust.yaml'), `${trust}  - { name: ci, key: ci.pub, may: [tests] }\n`);
  const shipped = parse(readFileSync(new URL('../../policies/production.yaml', import.meta.url), 'utf8'));
  const { variables, validations } = shipped.spec;
  // The rules about tests alone: an ONNX model has to meet no others.
  const spec = {
    variables: variables.filter(({ name }: { name: string }) => name === 'own_runs' || name === 'test_command'),
    validations: validations.filter(({ id }: { id: string }) => id.startsWith('tests.')),
  };
  writeFileSync(join(root, 'asked.yaml'), stringify({ ...shipped, metadata: { name: 'asked' }, spec }));
  const digests = new Map<string, string>();
  for (const name of ['digits', 'easy']) {
    const { stdout } = await runCli(['digest', `${name}.yaml`, '--format', 'json'], { cwd: root });
    digests.set(name, /"sha256": ?"(?:sha256:)?([0-9a-f]{64})"/.exec(stdout)?.[1] ?? '');
  }
  const ask = (suite: 'digits' | 'easy' | null) =>
    writeFileSync(
      join(root, 'rules.yaml'),
      `version: 1
stages:
  staging: { policy: asked.yaml, approvals: [{ role: reviewer, count: 1 }], methods: [key] }
${suite === null ? '' : `suites:\n  - { model: m.onnx, name: ${suite}, digest: "sha256:${digests.get(suite)}" }\n`}`,
    );
  ask('digits');
  return { ask };
}

for (const kind of ['local', 'service'] as const)
  describe(`a suite that a registry asks of a model (${kind})`, STORY, () => {
    const root = tempFolder();
    let ask: (suite: 'digits' | 'easy' | null) => void;
    let opened: Opened;
    beforeAll(async () => {
      ({ ask } = await writeGround(root));
      opened = kind === 'local' ? await localGround(root, 'models.db', {}) : await serviceGround(root);
    });
    afterAll(async () => opened.close?.());

    const promote = (...more: string[]) => opened.as(ALICE, 'promote', 'm.onnx', '--stage', 'staging', ...more);
    const attest = (suite: string, file: string) =>
      runCli(['test', 'm.onnx', '--suite', `${suite}.yaml`, '--attest', file, '--private-key', 'ci.pem'], {
        cwd: root,
      });
    const shown = async () => JSON.parse((await opened.as(BOB, 'models', 'm.onnx@1', '--format', 'json')).stdout);

    it('keeps the model back, with the command that makes a run', async () => {
      const { code, stderr } = await promote();
      expect(code).toBe(1);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain('the suite digits (');
      expect(stderr).toMatch(
        /\(assay test (MODEL|m\.onnx) --suite digits\.yaml --attest tests\.intoto\.json --private-key KEY; then give --attestation/,
      );
    });

    it('does not take a run by another suite, or one whose signer may not sign tests', async () => {
      expect((await attest('easy', 'easy.json')).code).toBe(0);
      const other = await promote('--attestation', 'easy.json');
      expect(other.code).toBe(1);
      expect(other.stderr).toContain('easy.json: pass by easy (sha256:');
      expect(other.stderr).toContain('by another suite than is asked for');
      const args = ['test', 'm.onnx', '--suite', 'digits.yaml', '--attest', 'bob.json', '--private-key', 'bob.pem'];
      expect((await runCli(args, { cwd: root })).code).toBe(0);
      const byBob = await promote('--attestation', 'bob.json');
      expect(byBob.code).toBe(kind === 'local' ? 1 : byBob.code);
      expect(byBob.stderr).toMatch(/may not sign|not trusted|"bob"/);
    });

    it('lets it move with a run that passes, and binds the approval to the suite', async () => {
      expect((await attest('digits', 'tests.intoto.json')).code).toBe(0);
      const asked = await promote('--attestation', 'tests.intoto.json');
      expect([asked.code, asked.stderr]).toEqual([
        0,
        expect.stringMatching(
          /^assay: note: tests\.intoto\.json: pass by digits \(sha256:[0-9a-f]{64}\) on cpu of m\.onnx@1\n$/,
        ),
      ]);
      const approved = await opened.as(
        BOB,
        'approve',
        'm.onnx@1',
        '--stage',
        'staging',
        '--key',
        'bob.pem',
        '--format',
        'json',
      );
      expect(approved.stderr).toBe('');
      const [step] = JSON.parse(approved.stdout).steps;
      expect(step).toMatchObject({ suite: { name: 'digits' }, approval: { suite: { name: 'digits' } } });
      const facts = await shown();
      expect(facts.tests).toMatchObject({ suite: { name: 'digits' }, check: { status: 'pass' } });
      expect(facts.tests.items.map(({ state }: { state: string }) => state)).toEqual(['counts', 'other-suite']);
      const { stdout } = await opened.as(BOB, 'models', 'm.onnx@1');
      expect(stdout).toMatch(/^suite +digits sha256:[0-9a-f]{64}$/m);
      expect(stdout).toMatch(/^run +[0-9a-f-]{36} pass by digits$/m);
      expect(stdout).toMatch(/^may run at +staging$/m);
    });

    it('revokes a run', async () => {
      const { tests } = await shown();
      const { id } = tests.items[0];
      const wrong = await opened.as('carol', 'revoke', 'm.onnx@1', '--run', '--reason', 'x');
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('is not the id of a run')]);
      const { code, stdout } = await opened.as('carol', 'revoke', id, '--run', '--reason', 'wrong rows');
      expect([code, stdout]).toEqual([0, expect.stringMatching(/ is revoked: pass by digits .*, revoked\n$/)]);
      expect((await shown()).gate).toMatchObject({ approvedFor: [] });
      const again = await promote('--attestation', 'tests.intoto.json');
      expect(again.stderr).toContain('this run of tests was revoked');
    });

    if (kind === 'local')
      it('voids the approval once the rules ask for another', async () => {
        ask('easy');
        await opened.as(ALICE, 'promote', 'm.onnx@1', '--stage', 'staging');
        const { approvals, decisions } = await shown();
        expect(approvals).toMatchObject([
          { state: 'void', why: expect.stringContaining('and now it is easy (sha256:') },
        ]);
        expect(decisions[1]).toMatchObject({
          stage: 'staging',
          decision: { action: 'allow' },
          suite: { name: 'easy' },
        });
        const log = await opened.as(BOB, 'audit-log');
        expect(log.stdout).toContain('suite.changed');
      });
  });

describe('a suite that a scan asks of a model', STORY, () => {
  const root = tempFolder();
  beforeAll(async () => {
    await writeGround(root);
    for (const suite of ['digits', 'easy'])
      await runCli(
        ['test', 'm.onnx', '--suite', `${suite}.yaml`, '--attest', `${suite}.json`, '--private-key', 'ci.pem'],
        {
          cwd: root,
        },
      );
  });

  const scan = (asked: string, ...attestations: string[]) =>
    runCli(
      [
        ...['scan', 'm.onnx', '--policy', 'asked.yaml', '--require-suite', asked],
        ...attestations.flatMap((path) => ['--trust', 'trust.yaml', '--attestation', path]),
        ...['--format', 'json'],
      ],
      { cwd: root },
    );

  it('is named by its file or its digest, and answered by its own run alone', async () => {
    const passed = await scan('digits.yaml', 'digits.json');
    expect([passed.code, JSON.parse(passed.stdout).decision.action]).toEqual([0, 'allow']);
    const other = JSON.parse((await scan('digits.yaml', 'easy.json')).stdout).decision;
    expect(other.violations).toMatchObject([{ rule: 'tests.passed' }]);
    expect(other.violations[0].message).toContain('assay test m.onnx --suite digits.yaml --attest');
    const digest = /\(sha256:[0-9a-f]{64}\)/.exec(other.violations[0].message)?.[0].slice(1, -1) ?? '';
    expect((await scan(digest, 'easy.json', 'digits.json')).code).toBe(0);
    expect((await scan(digest)).code).toBe(1);
  });

  it.each([
    ['none.yaml', 'cannot be read (ENOENT); give the file of a suite, or its digest'],
    ['.', 'cannot be read (EISDIR)'],
    ['sha256:abc', 'cannot be read (ENOENT)'],
  ])('is refused when it is not there: %s', async (asked, message) => {
    const { code, stderr, stdout } = await scan(asked);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(message);
  });
});
