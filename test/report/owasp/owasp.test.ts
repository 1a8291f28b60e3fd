import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import type { Assessment, Risk } from '../../../src/core/assessment/assessment.ts';
import type { Check } from '../../../src/core/assessment/check.ts';
import { NOTHING_DECLARED } from '../../../src/core/assessment/declared.ts';
import { meaningOf } from '../../../src/report/owasp/checks.ts';
import { mapOwasp, OWASP_RISKS, owaspCoverage } from '../../../src/report/owasp/owasp.ts';
import { HOSTILE } from '../hostile.ts';
import { assessment, CALL_RULE, EXTENSION_RULE, file, finding, mixed, signature } from '../sample.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const LOCAL = { ref: './model', pinned: './model', digest: `sha256:${'ab12'.repeat(16)}` };

function risk(id: string, over: Partial<Assessment> = {}): Risk {
  const found = mapOwasp(assessment(over)).risks[id];
  if (found === undefined) throw new Error(`no risk ${id}`);
  return found;
}

const check = (id: string, status: Check['status']): Check => ({ id, status, detail: `the answer to ${id}` });

describe('the OWASP ML Top 10 of a scan', () => {
  it('has all ten risks, and passes none that was not assessed', () => {
    const { risks, open } = mapOwasp(assessment({ artifact: LOCAL }));
    expect(Object.keys(risks)).toEqual(Object.keys(OWASP_RISKS));
    for (const [id, found] of Object.entries(risks)) {
      if (id === 'ML06:2023') continue;
      expect(found).toMatchObject({ status: 'not-assessed', evidence: 'none', findings: [] });
      expect(open.find(({ id: asked }) => asked === found.checks[0])).toEqual({
        id: OWASP_RISKS[id]?.check,
        status: 'not-assessed',
        detail: `${id} ${OWASP_RISKS[id]?.title}: ${found.detail}`,
      });
    }
    expect(open).toHaveLength(9);
    expect(owaspCoverage(risks)).toEqual({ assessed: 1, direct: 1, of: 10 });
  });

  const declared = {
    ...NOTHING_DECLARED,
    baseModels: [`acme/base@${COMMIT}`],
    datasets: ['acme/data'],
    licences: ['mit'],
    tags: ['safe', 'robust', 'private'],
  };
  const worlds: readonly (readonly [string, Partial<Assessment>])[] = [
    ['a local folder', { artifact: LOCAL }],
    ['a model of the Hub', {}],
    ['a model with many declarations', { declared }],
    ['a signed model', { signatures: [signature()], checks: [check('integrity.signature', 'pass')] }],
    ['a model with checksums', { checks: [check('integrity.checksum', 'pass'), check('integrity.manifest', 'pass')] }],
    [
      'a model with failed checks',
      { checks: [check('integrity.checksum', 'fail'), check('integrity.signature', 'error')] },
    ],
    ['an unreadable model', { files: [], status: 'incomplete' }],
    ['every verdict', mixed().assessment],
    [
      'findings of every risk',
      { findings: [{ ...finding(CALL_RULE, { file: 'a' }), owasp: Object.keys(OWASP_RISKS) }] },
    ],
  ];

  it.each(worlds)('passes neither ML01 nor ML04 without running the model, for %s', (_, over) => {
    expect(risk('ML01:2023', over).status).not.toBe('pass');
    expect(risk('ML04:2023', over).status).not.toBe('pass');
  });

  it.each(worlds)('has matching status and evidence, for %s', (_, over) => {
    const { risks, open } = mapOwasp(assessment(over));
    for (const [id, { status, evidence, detail, checks }] of Object.entries(risks)) {
      expect(detail, id).not.toBe('');
      expect(evidence === 'none', id).toBe(status === 'not-assessed');
      if (status === 'pass') expect(['direct', 'proxy'], id).toContain(evidence);
      if (evidence === 'declared') expect(status, id).toBe('partial');
      if (status === 'not-assessed') expect(checks, id).not.toEqual([]);
      const known = new Set([...assessment(over).checks, ...open].map((one) => one.id));
      for (const one of checks) expect(known, id).toContain(one);
    }
  });

  it('names only verbs that exist', () => {
    const stream = { write: () => true };
    const shell = {
      args: [],
      env: {},
      stdout: stream,
      stderr: stream,
      signal: new AbortController().signal,
      exit: () => {},
    };
    const verbs = createProgram(shell).commands.map((command) => command.name());
    const named = worlds.flatMap(([, over]) => {
      const { risks, open } = mapOwasp(assessment(over));
      const texts = [...Object.values(risks), ...open].map(({ detail }) => detail).join('\n');
      return [...texts.matchAll(/\bassay ([a-z-]+)/g)].map(([, verb]) => verb);
    });
    expect([...new Set(named)].sort()).toEqual(['scan', 'test', 'verify']);
    expect(verbs).toEqual(expect.arrayContaining(named));
  });

  it('fails a risk for its own finding, and leaves it open for a minor one', () => {
    const of = (severity: 'critical' | 'low') => ({
      ...finding(CALL_RULE, { file: 'model.pkl', severity }),
      owasp: ['ML03:2023'],
    });
    expect(risk('ML03:2023', { findings: [of('critical')] })).toEqual({
      status: 'fail',
      evidence: 'direct',
      detail: '1 finding of medium severity or worse',
      checks: [],
      findings: [of('critical').fingerprint],
    });
    expect(risk('ML03:2023', { findings: [of('low')] })).toMatchObject({
      status: 'partial',
      evidence: 'direct',
      checks: ['behavior.inversion'],
    });
    expect(risk('ML03:2023', { findings: [finding(CALL_RULE, { file: 'model.pkl' })] }).status).toBe('not-assessed');
  });

  it.each(Object.entries(OWASP_RISKS).filter(([id]) => id !== 'ML06:2023'))(
    'takes the status of %s from its own check',
    (id, one) => {
      expect(risk(id, { checks: [check(one.check, 'pass')] })).toMatchObject({
        status: 'pass',
        detail: `the answer to ${one.check}`,
        checks: expect.arrayContaining([one.check]),
      });
      expect(risk(id, { checks: [check(one.check, 'fail')] })).toMatchObject({
        status: 'fail',
        detail: `the check ${one.check} fails`,
      });
      for (const status of ['not-assessed', 'error'] as const) {
        const { risks, open } = mapOwasp(assessment({ artifact: LOCAL, checks: [check(one.check, status)] }));
        expect(risks[id]).toMatchObject({ status: 'not-assessed', detail: `the answer to ${one.check}` });
        expect(open.some((asked) => asked.id === one.check)).toBe(false);
      }
    },
  );
});

describe('AI supply chain attacks (ML06)', () => {
  const status = (over: Partial<Assessment>) => risk('ML06:2023', over).status;

  it('fail directly for a harmful file, and list the findings', () => {
    const known = mixed().assessment;
    expect(mapOwasp(known).risks['ML06:2023']).toMatchObject({
      status: 'fail',
      evidence: 'direct',
      findings: known.findings.map(({ fingerprint }) => fingerprint),
    });
    expect(risk('ML06:2023', { files: [file({ path: 'a', verdict: 'suspicious' })] })).toMatchObject({
      status: 'fail',
      detail: '1 file of 1 malicious or suspicious',
    });
  });

  it('pass only when every file was judged', () => {
    expect(status({ files: [file({ path: 'a' })] })).toBe('pass');
    expect(status({ files: [file({ path: 'a' }), file({ path: 'b', verdict: 'not-assessed' })] })).toBe('partial');
    expect(status({ files: [file({ path: 'a' }), file({ path: 'b', verdict: 'unknown' })] })).toBe('partial');
    expect(status({ files: [file({ path: 'a' })], status: 'incomplete' })).toBe('partial');
    expect(status({ files: [file({ path: 'a', verdict: 'unknown' })] })).toBe('not-assessed');
    expect(status({ files: [] })).toBe('not-assessed');
    expect(status({ findings: [finding(EXTENSION_RULE, { file: 'model.pkl' })] })).toBe('pass');
  });

  it.each([
    'integrity.checksum',
    'integrity.signature',
    'integrity.manifest',
    'conversion.attested',
    'conversion.source',
  ])('fail when %s fails', (id) => {
    expect(status({ checks: [check(id, 'fail')] })).toBe('fail');
    expect(status({ checks: [check(id, 'error')] })).toBe('partial');
  });

  it('take a signed conversion from a clean source for an origin', () => {
    const attested = check('conversion.attested', 'pass');
    const of = (...checks: (typeof attested)[]) => status({ artifact: LOCAL, checks });
    expect(of(attested, check('conversion.source', 'pass'))).toBe('pass');
    expect(of(attested, check('conversion.source', 'not-assessed'))).toBe('partial');
    expect(of(check('conversion.attested', 'not-assessed'), check('conversion.source', 'pass'))).toBe('partial');
  });

  it.each([
    ['a commit of the Hub', `hf://acme/model@${COMMIT}`, 'pass'],
    ['a file of a Hub commit', `hf://acme/model@${COMMIT}/model.pkl`, 'pass'],
    ['a digest in an OCI registry', `oci://r.example/m@sha256:${'a'.repeat(64)}`, 'pass'],
    ['a URL with its digest', `https://a.example/m.pkl#sha256=${'a'.repeat(64)}`, 'pass'],
    ['a branch', 'hf://acme/model@main', 'partial'],
    ['a branch that looks like a commit', `hf://acme/model@${COMMIT}-fix`, 'partial'],
    ['a tag in an OCI registry', 'oci://r.example/m:1', 'partial'],
    ['a URL', 'https://a.example/m.pkl', 'partial'],
    ['a folder', './model', 'partial'],
    ['a folder whose name looks like a commit', `./hf://acme/model@${COMMIT}`, 'partial'],
  ])('of %s depend on whether the bytes are bound to an origin', (_, pinned, expected) => {
    const artifact = { ...LOCAL, pinned };
    expect(status({ artifact })).toBe(expected);
    expect(status({ artifact, signatures: [signature()] })).toBe('pass');
    expect(status({ artifact, signatures: [signature({ status: 'not-assessed' })] })).toBe(expected);
    expect(status({ artifact: { ...artifact, digest: null } })).toBe('partial');
  });

  it('do not pass when code is loaded with the model', () => {
    const named = (severity: 'medium' | 'low') => {
      const rule = { ...CALL_RULE, id: 'hub.remote-code.own', severity };
      return status({ findings: [finding(rule, { file: 'config.json' })] });
    };
    expect(named('low')).toBe('partial');
    expect(named('medium')).toBe('fail');
  });
});

describe('what only the source or the model itself declares', () => {
  it('makes ML05 at most partial for a Hub reference', () => {
    expect(risk('ML05:2023')).toMatchObject({ status: 'partial', evidence: 'declared', checks: ['serving.theft'] });
    expect(risk('ML05:2023', { artifact: LOCAL })).toMatchObject({ status: 'not-assessed', evidence: 'none' });
  });

  it('makes ML07 at most partial for base models by commit, and not assessed for others', () => {
    const made = (...baseModels: string[]) => risk('ML07:2023', { declared: { ...NOTHING_DECLARED, baseModels } });
    expect(made(`acme/base@${COMMIT}`)).toMatchObject({
      status: 'partial',
      evidence: 'declared',
      detail: `declares acme/base@${COMMIT} as base model, which was not assessed with it: assay scan hf://acme/base@${COMMIT}`,
      checks: ['provenance.base-model'],
    });
    expect(made('acme/base')).toMatchObject({
      status: 'not-assessed',
      evidence: 'none',
      detail: 'resolve each declared base model by digest and assess it: assay scan hf://acme/base',
    });
    expect(made(`acme/base@${COMMIT}`, 'acme/other').status).toBe('not-assessed');
    expect(made(`acme/base@main`).status).toBe('not-assessed');
    expect(made()).toMatchObject({ status: 'not-assessed', detail: expect.stringMatching(/declares none/) });
  });

  it('is named for ML02, but is not evidence', () => {
    const found = risk('ML02:2023', { declared: { ...NOTHING_DECLARED, datasets: ['acme/data'] } });
    expect(found).toMatchObject({
      status: 'not-assessed',
      evidence: 'none',
      detail: expect.stringMatching(/acme\/data$/),
    });
  });

  it('is a proxy for ML02 when a trusted signer attests it, and against it when it is contradicted', () => {
    expect(risk('ML02:2023', { checks: [check('data.provenance', 'pass')] })).toMatchObject({
      status: 'partial',
      evidence: 'proxy',
      detail: 'the answer to data.provenance; the data itself was not searched for poisoned rows',
      checks: ['provenance.training-data', 'data.provenance'],
    });
    expect(risk('ML02:2023', { checks: [check('data.provenance', 'fail')] })).toMatchObject({
      status: 'fail',
      evidence: 'proxy',
    });
    expect(risk('ML02:2023', { checks: [check('data.provenance', 'not-assessed')] }).status).toBe('not-assessed');
  });

  it.each(Object.entries(HOSTILE))('is not put into a command when it is hostile (%s)', (_, text) => {
    const names = [
      text,
      `acme/x ; rm -rf ~`,
      `acme/x@$(id)`,
      `acme/x@a@b`,
      ...Array.from({ length: 100 }, (__, i) => `a/${i}`),
    ];
    for (const name of names.slice(0, 4)) {
      const { detail } = risk('ML07:2023', { declared: { ...NOTHING_DECLARED, baseModels: [name] } });
      expect(detail).not.toContain('assay scan');
    }
    const { detail } = risk('ML07:2023', { declared: { ...NOTHING_DECLARED, baseModels: names } });
    expect(detail.length).toBeLessThan(1000);
    expect(detail).toMatch(/ and 99 more$/);
  });
});

describe('model poisoning (ML10)', () => {
  it('is at most partial with a verified signature', () => {
    const of = (...signatures: ReturnType<typeof signature>[]) => risk('ML10:2023', { signatures });
    expect(of(signature())).toMatchObject({ status: 'partial', evidence: 'direct', checks: ['integrity.weights'] });
    expect(of(signature({ status: 'failed' }))).toMatchObject({ status: 'fail', evidence: 'direct' });
    expect(of(signature(), signature({ status: 'failed' }))).toMatchObject({ status: 'fail' });
    expect(of(signature({ status: 'not-assessed' }))).toMatchObject({ status: 'not-assessed', evidence: 'none' });
    expect(of()).toMatchObject({ status: 'not-assessed' });
  });

  it('takes a signed and verified conversion for evidence of the weights', () => {
    const both = [check('conversion.attested', 'pass'), check('conversion.verified', 'pass')];
    expect(risk('ML10:2023', { checks: both })).toMatchObject({ status: 'partial', evidence: 'direct' });
    const [attested] = both;
    const itself = [...(attested === undefined ? [] : [attested]), check('conversion.verified', 'not-assessed')];
    expect(risk('ML10:2023', { checks: itself }).status).toBe('not-assessed');
  });

  it('treats announced digests as weaker evidence', () => {
    for (const id of ['integrity.checksum', 'integrity.manifest']) {
      expect(risk('ML10:2023', { checks: [check(id, 'pass')] })).toMatchObject({
        status: 'partial',
        evidence: 'proxy',
        checks: ['integrity.weights', id],
      });
      expect(risk('ML10:2023', { checks: [check(id, 'fail')] })).toMatchObject({ status: 'fail', evidence: 'direct' });
      expect(risk('ML10:2023', { checks: [check(id, 'not-assessed')] }).status).toBe('not-assessed');
    }
  });
});

describe('the table of checks', () => {
  it('gives each risk the check that assesses it', () => {
    for (const [id, { check: own }] of Object.entries(OWASP_RISKS)) expect(meaningOf(own)?.risks, own).toContain(id);
  });

  it('names only risks that exist, and does not know unlisted checks', () => {
    for (const id of ['format.onnx.scan', 'format.hub-config.scan', 'integrity.checksum', 'format.parquet.scan']) {
      const risks = meaningOf(id)?.risks ?? [];
      expect(risks).not.toEqual([]);
      for (const one of risks) expect(OWASP_RISKS).toHaveProperty([one]);
    }
    for (const id of ['format.onnx', 'format.x.y.scan', 'integrity.luck', 'behavior', '', 'constructor']) {
      expect(meaningOf(id), id).toBeUndefined();
    }
  });
});
