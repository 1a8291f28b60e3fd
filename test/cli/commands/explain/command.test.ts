import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkTerms } from '../../../../src/cli/commands/explain/terms/checks.ts';
import { loadTerms } from '../../../../src/cli/commands/explain/terms/load.ts';
import { CHECK_RESULTS } from '../../../../src/core/assessment/schema/index.ts';
import { knownWords } from '../../../../src/pipeline/rules/known-words.ts';
import { DETECTORS } from '../../../../src/provenance/index.ts';
import { meaningOf } from '../../../../src/report/owasp/checks.ts';
import { CHANGE_RULES, RULES } from '../../../../src/scan/rules/index.ts';
import { ROOT, runCli } from '../../run-cli.ts';

/** An id, and the file that prints it. */
type Printed = Map<string, string>;

const terms = await loadTerms();
const rules = new Set([...RULES.keys(), ...Object.values(CHANGE_RULES).map(({ id }) => id)]);
const isKnown = (id: string) => rules.has(id) || terms.of(id).length > 0;

/** Made up by tests, to be unknown. */
const MADE_UP = new Set(['integrity.tomorrow', 'pickle.call.dangerous']);

/** The ids in reports: of checks, findings and violations, problems of signatures, verdicts, and outcomes of waivers. */
function collect(value: unknown, from: string, into: Printed, ownRules: boolean): void {
  if (Array.isArray(value)) for (const one of value) collect(one, from, into, ownRules);
  if (typeof value !== 'object' || value === null) return;
  const { ruleId, checks, violations, signature, problem, verdict, waiver, outcome } = value as Record<string, unknown>;
  const add = (id: unknown) => typeof id === 'string' && !MADE_UP.has(id) && into.set(id, from);
  const idsOf = (list: unknown, key: string) =>
    Array.isArray(list) ? list.map((one) => (typeof one === 'string' ? one : one?.[key])) : [];
  for (const id of [ruleId, verdict, ...idsOf(checks, 'id'), ...(ownRules ? [] : idsOf(violations, 'rule'))]) add(id);
  if (signature !== undefined) add(problem);
  if (waiver !== undefined) add(outcome);
  for (const one of Object.values(value)) collect(one, from, into, ownRules);
}

function printedIds(): Printed {
  const found: Printed = new Map();
  const golden = join(ROOT, 'test/golden');
  for (const name of ['report-v1.json', 'diff.json'])
    collect(JSON.parse(readFileSync(join(golden, name), 'utf8')), name, found, false);
  const cases = join(ROOT, 'test/conformance/cases');
  for (const folder of readdirSync(cases)) {
    const files = readdirSync(join(cases, folder), { withFileTypes: true, recursive: true });
    for (const file of files.filter((one) => one.isFile() && one.name.endsWith('.json'))) {
      const path = join(file.parentPath, file.name);
      // A case with a policy of its own has rules of its own.
      const ownRules = files.some(({ name }) => /policy\.ya?ml$/.test(name));
      collect(JSON.parse(readFileSync(path, 'utf8')), path, found, ownRules);
    }
  }
  return found;
}

describe('assay explain', () => {
  it('knows every id in the golden reports and the cases of conformance', () => {
    const found = printedIds();
    expect(found.size).toBeGreaterThan(25);
    expect([...found].filter(([id]) => !isKnown(id))).toEqual([]);
  });

  it('knows every id in the lists of the code', () => {
    const policies = ['baseline', 'strict', 'production', 'air-gapped', 'research'].flatMap((name) => {
      const { spec } = parse(readFileSync(join(ROOT, `policies/${name}.yaml`), 'utf8'));
      return spec.validations.map(({ id }: { readonly id: string }) => id);
    });
    const formats = [...new Set([...checksInSource()])];
    const ids = [...knownWords().checks, ...DETECTORS.map(({ id }) => id), ...policies, ...formats];
    expect(formats.length).toBeGreaterThan(30);
    expect(ids.filter((id) => !isKnown(id))).toEqual([]);
  });

  it('explains no check that reports do not know', () => {
    const known = knownWords().checks;
    expect(checkTerms().filter(({ id }) => !known.includes(id) && meaningOf(id) === undefined)).toEqual([]);
  });

  it('says of each id what it is, and of what can stop a model what to do', () => {
    for (const { id, kind, title, explanation, remedy } of terms.all) {
      expect(title, id).toMatch(/^\S.{3,}/);
      expect(explanation, id).toMatch(/\S.{10,}/);
      if (kind === 'check' || kind === 'policy rule' || kind === 'limit') expect(remedy, id).toMatch(/\.$/);
    }
    expect(CHECK_RESULTS).toContain('not-assessed');
  });

  it.each([
    ['integrity.checksum', ['check', 'policy rule', 'baseline (deny)']],
    ['signature.verified', ['policy rule', 'production (deny)']],
    ['data.provenance', ['check', 'policy rule', '--attestation']],
    ['format.gguf.chat-template', ['check', 'GGUF', 'chat template']],
    ['data.label-drift', ['check', 'assay data']],
    ['maxFileWork', ['limit', '4,000,000,000']],
    ['certificate-chain', ['problem of a signature', 'trusted root']],
    ['not-assessed', ['verdict']],
    ['pickle.global.dangerous', ['rule', 'critical']],
  ])('explains %s', async (id, said) => {
    const { code, stdout } = await runCli(['explain', id]);
    expect(code).toBe(0);
    for (const words of said) expect(stdout.replaceAll(/\s+/g, ' ')).toContain(words);
  });

  it.each([
    ['integrity.checksums', /no such rule, check or limit.*did you mean integrity\.checksum/s],
    ['nothing-like-it-at-all', /assay policy explain/],
    ['format.<b>.scan', /no such rule/],
  ])('refuses %s and says what is near', async (id, why) => {
    const { code, stderr } = await runCli(['explain', id]);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
  });
});

/** The ids of checks of formats, as scanners write them. */
function* checksInSource(): Generator<string> {
  const folder = join(ROOT, 'src/scan');
  for (const file of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (file.isFile() && file.name.endsWith('.ts'))
      for (const [id] of readFileSync(join(file.parentPath, file.name), 'utf8').matchAll(
        /(?<=')format\.[a-z0-9-]+\.(?:scan|version|weights|chat-template|closed)(?=')/g,
      ))
        yield id;
}
