import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/core/errors.ts';
import { loadRegistryRules } from '../../../src/registry/index.ts';
import { printOf } from '../../../src/registry/rules/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'rules.yaml');

async function refused(text: string): Promise<string> {
  writeFileSync(path, text);
  try {
    await loadRegistryRules(path);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return `${error.subject?.replace(`${folder}/`, '')}: ${error.message}`;
  }
  return 'nothing was refused';
}

describe('the rules of a registry', () => {
  it('have defaults in the package', async () => {
    const { candidate, staging, production } = await loadRegistryRules(null);
    expect([candidate, staging, production].map(({ policy }) => policy.name)).toEqual([
      'baseline',
      'strict',
      'production',
    ]);
    expect(candidate.approvals).toEqual([]);
    expect(staging.approvals).toEqual([{ role: 'reviewer', count: 1 }]);
    expect(production.approvals).toEqual([
      { role: 'reviewer', count: 1 },
      { role: 'security-approver', count: 1 },
    ]);
  });

  it('are read from a file, with policies beside it', async () => {
    const policy = `
apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: {name: ours}
spec:
  validations: [{id: any, message: none, expression: "true"}]
`;
    writeFileSync(join(folder, 'ours.yaml'), policy);
    writeFileSync(
      path,
      `
version: 1
stages:
  candidate: {policy: research}
  production:
    policy: ours.yaml
    approvals: [{role: reviewer, count: 2}, {role: security-approver}]
    methods: [key, keyless]
`,
    );
    const { candidate, staging, production } = await loadRegistryRules(path);
    expect([candidate, staging, production].map((rules) => rules.policy.name)).toEqual(['research', 'strict', 'ours']);
    expect(staging.approvals).toHaveLength(1);
    expect(production).toMatchObject({
      approvals: [
        { role: 'reviewer', count: 2 },
        { role: 'security-approver', count: 1 },
      ],
      methods: ['key', 'keyless'],
    });
  });

  it('ask suites of models, by exact name and digest', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    writeFileSync(
      path,
      `version: 1\nstages: {}\nsuites:\n  - {model: acme/digits, name: digits, digest: "${digest}"}\n`,
    );
    const rules = await loadRegistryRules(path);
    expect([...rules.suites]).toEqual([['acme/digits', { name: 'digits', digest }]]);
    const none = await loadRegistryRules(null);
    expect(none.suites.size).toBe(0);
    // What a service compares to find out whether it has to decide again.
    expect(printOf(rules)).not.toBe(printOf({ ...rules, suites: new Map() }));
    expect(printOf({ ...rules, suites: new Map(rules.suites) })).toBe(printOf(rules));
  });

  it.each([
    ['suites: {}', '3:1: suites is not a list'],
    ['suites: [{name: a, digest: b}]', '3:10: a suite lacks its model'],
    ['suites: [{model: "acme/*", name: a, digest: D}]', '3:11: acme/* is not a model'],
    ['suites: [{model: m, name: ../a, digest: D}]', '3:21: ../a is not a name'],
    ['suites: [{model: m, name: a, digest: abcd}]', '3:30: abcd is not a digest'],
    ['suites: [{model: m, name: a, sha256: D}]', 'a suite lacks its digest (and 1 more'],
    ['suites: [{model: m, name: a, digest: D}, {model: m, name: b, digest: D}]', 'the model m has two suites'],
  ])('are refused for %j', async (suites, message) => {
    const text = `version: 1\nstages: {}\n${suites.replaceAll('D}', `"sha256:${'ab'.repeat(32)}"}`)}\n`;
    expect(await refused(text)).toContain(message);
  });

  it.each([
    ['stages: {}', 'rules.yaml:1:1: the rules have no version: 1'],
    ['version: 1', 'rules.yaml:1:1: the rules have no stages'],
    ['version: 1\nstages:\n  prod: {}', 'rules.yaml:3:3: stages has no prod'],
    ['version: 1\nstages:\n  staging: {policies: x}', 'rules.yaml:3:13: staging has no policies'],
    ['version: 1\nstages:\n  staging: {policy: strikt}', 'rules.yaml:3:13: the policy strikt: no such policy'],
    ['version: 1\nstages:\n  staging: {policy: gone.yaml}', 'rules.yaml:3:13: the policy gone.yaml: no such file'],
    ['version: 1\nstages:\n  candidate: {approvals: []}', 'rules.yaml:3:15: a candidate needs no approval'],
    ['version: 1\nstages:\n  staging: {approvals: [{role: viewer}]}', 'rules.yaml:3:26: viewer is not a role'],
    ['version: 1\nstages:\n  staging: {approvals: [{count: 1}]}', 'rules.yaml:3:25: an approval lacks its role'],
    [
      'version: 1\nstages:\n  staging: {approvals: [{role: reviewer, count: 0}]}',
      'rules.yaml:3:42: count is not a number from 1 to 20',
    ],
    [
      'version: 1\nstages:\n  staging: {approvals: [{role: admin}, {role: admin}]}',
      'rules.yaml:3:40: admin is listed twice',
    ],
    ['version: 1\nstages:\n  staging: {methods: []}', 'rules.yaml:3:13: methods is empty, so nobody could approve'],
    ['version: 1\nstages:\n  staging: {methods: [keys]}', 'rules.yaml:3:23: keys is not a method'],
    ['version: 1\nstages: [', 'rules.yaml:2:10: this is not YAML'],
    ['', 'rules.yaml:1:1: the file is empty'],
  ])('are refused for %j, with the place of the error', async (text, message) => {
    expect(await refused(text)).toContain(message);
  });

  it('report the place within an invalid policy file', async () => {
    writeFileSync(join(folder, 'broken.yaml'), 'apiVersion: assay.dev/v1\nkind: Else\n');
    expect(await refused('version: 1\nstages:\n  staging: {policy: broken.yaml}')).toMatch(/^broken\.yaml:\d+:\d+: /);
  });

  it('report a file that does not exist', async () => {
    await expect(loadRegistryRules(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are read or refused, whatever the suites are', async () => {
    const value = fc.oneof(
      fc.constantFrom('acme/m', 'digits', `sha256:${'ab'.repeat(32)}`, '__proto__', ''),
      fc.string({ maxLength: 20 }),
      fc.integer(),
      fc.constant(null),
    );
    const suite = fc.oneof(value, fc.dictionary(fc.constantFrom('model', 'name', 'digest', 'else'), value));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.array(suite, { maxLength: 4 }), suite), async (suites) => {
        writeFileSync(path, JSON.stringify({ version: '1', stages: {}, suites }));
        const read = await loadRegistryRules(path).catch((error: unknown) => error);
        if (read instanceof AssayError) return;
        for (const [model, { name, digest }] of (read as Awaited<ReturnType<typeof loadRegistryRules>>).suites) {
          expect(model).toMatch(/^[\w.-]+(?:\/[\w.-]+)*$/);
          expect(name).toMatch(/^[a-z0-9][a-z0-9_.-]*$/);
          expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        }
      }),
      { numRuns: 200 },
    );
  });
});
