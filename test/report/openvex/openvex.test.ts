import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { type Judged, renderOpenVex } from '../../../src/report/index.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport, runProgram } from '../../support/run-program.ts';
import { HOSTILE, hostile } from '../hostile.ts';
import { validVex, vexErrors } from '../openvex-schema.ts';
import { assessment, CONTEXT, file, judged, mixed } from '../sample.ts';
import { judgedWaiver, waivedSample } from '../waived.ts';

const TIMESTAMP = new Date('2026-06-01T12:00:00Z');
const STEERS = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function render(...all: readonly Judged[]): string {
  return renderOpenVex(all, CONTEXT, { timestamp: TIMESTAMP });
}

function parsed(...all: readonly Judged[]) {
  return validVex(render(...all));
}

describe('an OpenVEX document', () => {
  it('states for each rule whether the artifact is affected, and why not for a waived rule', () => {
    const { statements, ...document } = parsed(waivedSample());
    expect(document).toMatchObject({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': expect.stringMatching(/^https:\/\/assay\.dev\/vex\/[0-9a-f]{64}$/),
      author: 'Assay',
      timestamp: '2026-06-01T12:00:00.000Z',
      version: 1,
    });
    const product = { '@id': `pkg:huggingface/acme/model@0123456789abcdef0123456789abcdef01234567` };
    const only = (path: string) => ({ ...product, subcomponents: [{ '@id': `${product['@id']}#${path}` }] });
    expect(statements).toMatchObject([
      {
        vulnerability: { name: 'pickle.global.unlisted', description: 'Pickle uses a global that is not listed' },
        products: [only('a.pkl')],
        status: 'not_affected',
        impact_statement: 'Waived by ml-platform@acme.example until 2027-01-31: our own class, reviewed in SEC-142',
      },
      {
        vulnerability: { name: 'pickle.global.unlisted' },
        products: [only('b.pkl')],
        status: 'affected',
        action_statement: 'Find out which library defines the name and why the model needs it.',
      },
      {
        vulnerability: { name: 'verdict.not-assessed' },
        products: [only('m.onnx')],
        status: 'not_affected',
      },
      {
        vulnerability: { name: 'verdict.unknown' },
        products: [only('u.pkl')],
        status: 'under_investigation',
        status_notes: 'the pickle ends before its STOP',
      },
    ]);
    expect(JSON.stringify(statements)).not.toContain('"justification"');
  });

  it('lists waivers that have no effect, and those that waive a verdict alone', () => {
    const { statements } = parsed(waivedSample());
    const ours = 'by ml-platform@acme.example (waivers.yaml)';
    expect(statements[1].status_notes).toBe(
      [
        'Constructs acme.Table, which is not listed',
        `a waiver of pickle.global.unlisted ${ours}: void: it expired on 2020-01-01`,
        `a waiver of pickle.global.unlisted ${ours}: void: it covers another digest`,
      ].join('; '),
    );
    const one = waivedSample();
    const verdict = {
      ...judgedWaiver('applied'),
      waiver: { ...judgedWaiver('applied').waiver, rule: 'verdict.suspicious' },
    };
    const waived = parsed({ ...one, decision: { ...one.decision, waivers: [verdict] } });
    expect(waived.statements[0]).toMatchObject({
      status: 'affected',
      status_notes: `Constructs acme.Table, which is not listed (and 1 more); a waiver of verdict.suspicious ${ours}: applied`,
    });
  });

  it('contains a statement once for repeated artifacts', () => {
    const once = parsed(mixed()).statements;
    expect(parsed(mixed(), mixed()).statements).toEqual(once);
  });

  it('that is malformed fails the schema check', () => {
    const good = parsed(mixed());
    const [first] = good.statements;
    for (const over of [
      { '@id': 'a b' },
      { timestamp: 'now' },
      { version: 0 },
      { statements: [] },
      { statements: [first, first] },
      { statements: [{ ...first, more: 1 }] },
      { statements: [{ ...first, status: 'fine' }] },
      { statements: [{ vulnerability: { name: 'x' }, status: 'affected' }] },
      { statements: [{ vulnerability: { name: 'x' }, status: 'not_affected' }] },
      { more: 1 },
    ]) {
      expect(vexErrors({ ...good, ...over })).not.toEqual([]);
    }
  });

  it('always contains a statement', () => {
    expect(parsed(judged(assessment())).statements).toMatchObject([
      { vulnerability: { name: 'verdict.malicious' }, status: 'not_affected' },
    ]);
    expect(parsed(judged(assessment({ files: [] }))).statements).toMatchObject([
      { vulnerability: { name: 'artifact.empty' }, status: 'under_investigation' },
    ]);
  });

  it('is deterministic for a report and a time, and has another id otherwise', () => {
    expect(render(mixed())).toBe(render(mixed()));
    const later = renderOpenVex([mixed()], CONTEXT, { timestamp: new Date(0) });
    expect(JSON.parse(later)['@id']).not.toBe(parsed(mixed())['@id']);
  });

  it.each([
    ['hf://acme/model@main', 'hf://acme/model@main'],
    [
      'hf://gpt2@0123456789abcdef0123456789abcdef01234567',
      'pkg:huggingface/gpt2@0123456789abcdef0123456789abcdef01234567',
    ],
    [
      `oci://registry.example/team/Model@sha256:${'ab'.repeat(32)}`.toLowerCase(),
      `pkg:oci/model@sha256:${'ab'.repeat(32)}?repository_url=registry.example%2Fteam%2Fmodel`,
    ],
    [
      'hf://acme/model@0123456789abcdef0123456789abcdef01234567/a/b.bin',
      'pkg:huggingface/acme/model@0123456789abcdef0123456789abcdef01234567',
    ],
    ['https://example.org/a model.pkl', 'https://example.org/a%20model.pkl'],
    ['./some/model', `urn:assay:artifact:sha256:${'ab12'.repeat(16)}`],
  ])('names the product of %s', (pinned, id) => {
    const one = assessment({ artifact: { ...assessment().artifact, ref: pinned, pinned } });
    const [product] = parsed(judged(one)).statements[0].products;
    expect(product['@id']).toBe(id);
    expect(URL.canParse(product['@id'])).toBe(true);
    if (id.startsWith('pkg:')) {
      expect(PackageURL.fromString(id)).toMatchObject({ type: id.startsWith('pkg:oci') ? 'oci' : 'huggingface' });
      expect(product.identifiers.purl).toBe(id);
    }
  });

  it('lists at most a thousand files', () => {
    const files = Array.from({ length: 1500 }, (_, i) => file({ path: `${i}.bin`, verdict: 'not-assessed' }));
    const [statement] = parsed(judged(assessment({ files }))).statements;
    expect(statement.products[0].subcomponents).toHaveLength(1000);
  });

  it.each(Object.entries(HOSTILE))('is escaped for %s', (_, text) => {
    const all = [hostile(text), waivedSample({ reason: text, owner: text, from: text, expires: text })];
    const vex = render(...all);
    expect(vex).not.toMatch(STEERS);
    expect(vex.length).toBeLessThan(500_000);
    for (const { products } of validVex(vex).statements) {
      for (const product of products) {
        for (const one of [product, ...(product.subcomponents ?? [])]) expect(URL.canParse(one['@id'])).toBe(true);
      }
    }
  });
});

const python = findPython();
const hasVexipy = await canImport(python, 'vexipy');

requirePart(
  'package vexipy',
  hasVexipy,
  'pip install -r fixtures/python/requirements-ci.txt',
  'an OpenVEX document for other tools',
  () => {
    it('is parsed by another implementation of OpenVEX', async () => {
      const texts = Object.values(HOSTILE).filter((text) => text.length < 10_000);
      const documents = [
        parsed(mixed()),
        parsed(waivedSample()),
        parsed(judged(assessment())),
        parsed(judged(assessment({ files: [] }))),
        parsed(mixed(), waivedSample()),
        ...texts.map((text) => parsed(hostile(text), waivedSample({ reason: text, owner: text }))),
      ];
      const broken = { ...parsed(mixed()), statements: [{ vulnerability: { name: 'x' }, status: 'affected' }] };
      const input = JSON.stringify([...documents, broken]);
      const run = await runProgram(python ?? '', ['test/report/openvex.py'], { input });
      expect(run.status, run.stderr).toBe(0);
      const problems: unknown[] = JSON.parse(run.stdout);
      expect(problems.slice(0, -1)).toEqual(documents.map(() => null));
      expect(problems.at(-1)).toContain('action statement');
    });
  },
);
