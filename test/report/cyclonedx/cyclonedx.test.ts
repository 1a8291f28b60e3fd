import * as fc from 'fast-check';
import { PackageURL } from 'packageurl-js';
import { describe, expect, it } from 'vitest';
import { NOTHING_DECLARED } from '../../../src/core/assessment/declared.ts';
import { renderCycloneDx } from '../../../src/report/cyclonedx/cyclonedx.ts';
import { declaredLicences, spdxId } from '../../../src/report/cyclonedx/licence.ts';
import { declaredPurl, purlOf } from '../../../src/report/purl.ts';
import { bomErrors, SPDX_IDS, validBom } from '../cyclonedx-schema.ts';
import { HOSTILE, hostile } from '../hostile.ts';
import { CALL_RULE, CONTEXT, file, finding, judged, mixed } from '../sample.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const options = { now: new Date('2026-01-02T03:04:05Z') };

describe('a CycloneDX report', () => {
  it('equals the golden file and is valid against the official schema', async () => {
    const text = renderCycloneDx([mixed()], CONTEXT, options);
    validBom(text);
    await expect(text).toMatchFileSnapshot('../../golden/bom.cdx.json');
  });

  it('contains the model, its files and its declarations', () => {
    expect(validBom(renderCycloneDx([mixed()], CONTEXT, options))).toMatchObject({
      components: [
        {
          type: 'machine-learning-model',
          group: 'acme',
          name: 'model',
          version: COMMIT,
          purl: `pkg:huggingface/acme/model@${COMMIT}`,
          licenses: [{ license: { id: 'Apache-2.0', acknowledgement: 'declared' } }],
          pedigree: { ancestors: [{ type: 'machine-learning-model', purl: 'pkg:huggingface/acme/base' }] },
          modelCard: {
            modelParameters: {
              task: 'text-generation',
              architectureFamily: 'acme',
              modelArchitecture: 'AcmeForCausalLM',
              datasets: [{ ref: 'model-1/data-1' }],
            },
          },
          components: mixed().assessment.files.map(({ path }) => ({ type: 'file', name: path })),
        },
        { type: 'data', name: 'acme/corpus', data: [{ type: 'dataset' }] },
      ],
    });
  });

  it('attests each of the ten risks, and makes no claim for a risk that was not assessed', () => {
    const bom = validBom(renderCycloneDx([mixed()], CONTEXT, options));
    expect(bom).toMatchObject({
      definitions: { standards: [{ requirements: { length: 10 } }] },
      declarations: { attestations: [{ map: { length: 10 } }] },
    });
    const text = JSON.stringify(bom);
    expect(text).toContain('"requirement":"ML06:2023","counterClaims":["model-1/claim-ML06:2023"]');
    expect(text).not.toContain('claim-ML01:2023');
  });

  it('is deterministic, and has another serial number for other input', () => {
    const serial = (text: string) => /"serialNumber": "(urn:uuid:[^"]*)"/.exec(text)?.[1];
    const first = renderCycloneDx([mixed()], CONTEXT, options);
    expect(renderCycloneDx([mixed()], CONTEXT, options)).toBe(first);
    expect(serial(first)).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const others = [
      renderCycloneDx([judged()], CONTEXT, options),
      renderCycloneDx([mixed()], CONTEXT, { now: new Date(0) }),
      renderCycloneDx([mixed(), judged()], CONTEXT, options),
    ];
    expect(new Set([first, ...others].map(serial)).size).toBe(4);
  });

  it('contains several models, also an empty one and one without declarations', () => {
    const empty = judged({ files: [], artifact: { ref: 'a', pinned: 'a', digest: null }, status: 'incomplete' });
    const bom = validBom(renderCycloneDx([mixed(), empty, judged({ declared: NOTHING_DECLARED })], CONTEXT, options));
    expect(bom).toMatchObject({
      components: { length: 4 },
      compositions: [{ aggregate: 'complete' }, { aggregate: 'incomplete' }, { aggregate: 'complete' }],
    });
  });

  it('that is malformed fails the schema check', () => {
    expect(bomErrors({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'model' }] })).not.toEqual([]);
    expect(bomErrors({ ...JSON.parse(renderCycloneDx([mixed()], CONTEXT, options)), more: 1 })).not.toEqual([]);
  });

  it.each(Object.entries(HOSTILE))('preserves text with %s', (_, text) => {
    const bom = renderCycloneDx([hostile(text), hostile(text)], CONTEXT, options);
    expect(bom).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(validBom(bom)).toMatchObject({ components: [{ components: { length: 4 } }, {}, {}, {}] });
    expect(bom.length).toBeLessThan(1_000_000);
  });

  it('preserves any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        validBom(renderCycloneDx([hostile(text)], CONTEXT, options));
      }),
      { numRuns: 50 },
    );
  });

  it('contains 10,000 findings', () => {
    const findings = Array.from({ length: 10_000 }, (_, i) =>
      finding(CALL_RULE, { file: `f${i % 50}.pkl`, message: `Calls posix.system ${i}`, evidence: `${i}` }),
    );
    const files = Array.from({ length: 50 }, (_, i) => file({ path: `f${i}.pkl`, verdict: 'malicious' }));
    const known = judged({ files, findings });
    const bom = renderCycloneDx([known], CONTEXT, options);
    validBom(bom);
  });
});

describe('licences', () => {
  it('are SPDX identifiers of the official schema, or names', () => {
    const known = new Set(SPDX_IDS);
    for (const id of SPDX_IDS) {
      const found = spdxId(String(id));
      if (found !== undefined) expect(known).toContain(found);
    }
    expect(spdxId('apache-2.0')).toBe('Apache-2.0');
    expect(spdxId('gpl-3.0')).toBe('GPL-3.0');
    for (const none of ['', 'other', 'llama2', '__proto__', 'constructor', 'MIT OR Apache-2.0'])
      expect(spdxId(none)).toBeUndefined();
    const declared = { ...NOTHING_DECLARED, licences: ['mit', 'other', 'llama2'], licenceName: 'My own' };
    expect(declaredLicences(declared).map(({ license }) => license)).toEqual([
      { id: 'MIT', acknowledgement: 'declared' },
      { name: 'llama2', acknowledgement: 'declared' },
      { name: 'My own', acknowledgement: 'declared' },
    ]);
  });
});

describe('package URLs', () => {
  it.each([
    [`hf://acme/Model.x@${COMMIT}`, `pkg:huggingface/acme/Model.x@${COMMIT}`],
    [`hf://gpt2@${COMMIT}`, `pkg:huggingface/gpt2@${COMMIT}`],
    ['hf://acme/model@main', 'pkg:huggingface/acme/model'],
    [`hf://acme/model@${COMMIT}/a/b%20c.bin`, `pkg:huggingface/acme/model@${COMMIT}#a/b%20c.bin`],
    [
      `oci://ghcr.io/acme/model@sha256:${'a'.repeat(64)}`,
      `pkg:oci/model@sha256:${'a'.repeat(64)}?repository_url=ghcr.io%2Facme%2Fmodel`,
    ],
    [
      `oci://127.0.0.1:5000/acme/model@sha256:${'a'.repeat(64)}`,
      `pkg:oci/model@sha256:${'a'.repeat(64)}?repository_url=127.0.0.1:5000%2Facme%2Fmodel`,
    ],
    ['oci://ghcr.io/acme/model:v1', 'pkg:oci/model?repository_url=ghcr.io%2Facme%2Fmodel&tag=v1'],
    ['models:/fraud%20(eu)/3', 'pkg:mlflow/fraud%20%28eu%29@3'],
  ])('of %s is %s', (pinned, expected) => {
    const purl = purlOf(pinned);
    expect(purl).toBe(expected);
    // packageurl-js leaves parentheses unencoded, and encodes colons of qualifiers.
    const written = PackageURL.fromString(expected).toString();
    const canonical = written.replace('(', '%28').replace(')', '%29').replaceAll('%3A', ':');
    expect(canonical).toBe(expected);
  });

  it('exist only for references that have a package type', () => {
    for (const place of ['./model', 's3://bucket/key', 'https://a.example/m.bin', 'gs://x', 'hf://', '', '\ud800'])
      expect(purlOf(place)).toBeUndefined();
    expect(declaredPurl(`acme/base@${COMMIT}`)).toBe(`pkg:huggingface/acme/base@${COMMIT}`);
    for (const name of ['', 'a b', '../x', 'https://evil.example', 'a/b/c', '?x=y#z'])
      expect(declaredPurl(name)).toBeUndefined();
  });
});
