import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../src/formats/list.ts';
import { parseAdvisories } from '../../../src/scan/advisories/list/read.ts';
import { compareReleases } from '../../../src/scan/advisories/list/releases.ts';
import { shippedAdvisories } from '../../../src/scan/advisories/list/shipped.ts';
import { advisoryFindings } from '../../../src/scan/advisories/match.ts';
import { RULES } from '../../../src/scan/rules/catalogue.ts';
import { librariesIn } from '../../support/search-bytes.ts';

const file = (more: Partial<Parameters<typeof advisoryFindings>[0][number]>) => ({
  path: 'requirements.txt',
  format: 'text',
  libraries: [],
  rules: new Set<string>(),
  ...more,
});
const pinned = (library: string, version: string) =>
  advisoryFindings([file({ libraries: [{ library, version, how: 'pins' }] })]);

describe('the shipped list', () => {
  it('is one that an organisation could give', () => {
    const path = new URL('../../../src/scan/advisories/list/loader-advisories.json', import.meta.url);
    expect(parseAdvisories(readFileSync(path), 'shipped').entries).toEqual(shippedAdvisories().entries);
  });

  it('names formats and rules that exist, and a source of each entry', () => {
    const formats = new Set(FORMATS.map(({ id }) => id));
    const { entries } = shippedAdvisories();
    expect(entries.length).toBeGreaterThan(25);
    for (const { formats: own = [], rules = [], source } of entries) {
      for (const id of own) expect(formats).toContain(id);
      for (const id of rules) expect([...RULES.keys()]).toContain(id);
      expect(source).toMatch(/^https:/);
    }
  });
});

describe('a declared version', () => {
  it.each([
    ['torch', '2.1.0', 'Asks for torch 2.1.0, which has CVE-2025-32434, CVE-2026-24747; torch 2.10.0 is safe.'],
    [
      'torch',
      '2.5.1+cu121',
      'Asks for torch 2.5.1+cu121, which has CVE-2025-32434, CVE-2026-24747; torch 2.10.0 is safe.',
    ],
    ['torch', '2.10.0rc1', 'Asks for torch 2.10.0rc1, which has CVE-2026-24747; torch 2.10.0 is safe.'],
    ['pyarrow', '14.0.0', 'Asks for pyarrow 14.0.0, which has CVE-2023-47248; pyarrow 14.0.1 is safe.'],
    [
      'keras',
      '3.8.0',
      'Asks for keras 3.8.0, which has CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-9905, CVE-2026-1669, CVE-2026-1462; keras 3.14.0 is safe.',
    ],
  ])('%s %s is affected', (library, version, message) => {
    const [finding, ...others] = pinned(library, version);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ ruleId: 'loader.advisory.pinned', severity: 'medium', message });
  });

  it.each([
    ['torch', '2.10.0'],
    ['torch', '2.10.0.post1'],
    ['pyarrow', '0.13.0'],
    ['pyarrow', '14.0.1'],
    ['keras', '2.15.0'],
    ['vllm', '0.10.0'],
    ['torch', 'main'],
    ['requests', '1.0'],
  ])('%s %s is not', (library, version) => {
    expect(pinned(library, version)).toEqual([]);
  });

  it('of the program that saved a file only informs', () => {
    const libraries = [{ library: 'transformers', version: '4.30.2', how: 'saved' as const }];
    expect(advisoryFindings([file({ libraries })])).toMatchObject([
      { ruleId: 'loader.advisory.saved', severity: 'info' },
    ]);
  });
});

describe('what a file holds', () => {
  it('is the concern of advisories about its format and its findings', () => {
    const rds = advisoryFindings([file({ format: 'rds' })]);
    expect(rds.map(({ message }) => message)).toEqual(['R before 4.4.0 has CVE-2024-27322, which concerns this file.']);
    const template = advisoryFindings([file({ format: 'gguf', rules: new Set(['template.reaches-objects']) })]);
    expect(template.map(({ message }) => message)).toEqual([
      'llama-cpp-python before 0.2.72 has CVE-2024-34359, which concerns this file.',
    ]);
    expect(advisoryFindings([file({ format: 'gguf' })])).toEqual([]);
  });
});

describe('the version of a library', () => {
  it.each([
    ['config.json', '{"transformers_version": "4.41.2", "model_type": "bert"}', ['saved transformers 4.41.2']],
    ['metadata.json', '{"keras_version": "3.8.0", "date_saved": "2025-01-01"}', ['saved keras 3.8.0']],
    ['model_index.json', '{"_class_name": "X", "_diffusers_version": "0.21.4"}', ['saved diffusers 0.21.4']],
    [
      'MLmodel',
      'flavors:\n  pytorch:\n    pytorch_version: 2.1.0\n  sklearn:\n    sklearn_version: 1.3.0\n',
      ['saved torch 2.1.0', 'saved scikit-learn 1.3.0'],
    ],
    [
      'requirements.txt',
      '# torch==1.0.0\ntorch==2.1.0+cu118\nnumpy>=1.20\nvllm[audio] == 0.11.0\ntorchvision==0.16\n',
      ['pins torch 2.1.0+cu118', 'pins vllm 0.11.0'],
    ],
    [
      'conda.yaml',
      'dependencies:\n- python=3.10\n- pytorch_lightning=1.5.0\n- pip:\n  - torch==2.0.1\n',
      ['pins pytorch-lightning 1.5.0', 'pins torch 2.0.1'],
    ],
    ['notes.txt', 'torch==2.1.0\n', []],
    ['config.json', '{"my_transformers_version": "4.41.2", "transformers_version": null}', []],
  ])('is read in %s: %s', async (name, text, wanted) => {
    const found = await librariesIn(text, name);
    expect(found.map(({ how, library, version }) => `${how} ${library} ${version}`).sort()).toEqual([...wanted].sort());
  });

  it('compares as numbers', () => {
    const version = fc.array(fc.nat(99), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(version, version, (a, b) => {
        const padded = (one: readonly number[]) => [...one, 0, 0, 0, 0].slice(0, 4);
        const [left, right] = [padded(a), padded(b)];
        const at = left.findIndex((one, i) => one !== right[i]);
        const wanted = at < 0 ? 0 : Math.sign((left[at] ?? 0) - (right[at] ?? 0));
        expect(Math.sign(compareReleases(a.join('.'), b.join('.')))).toBe(wanted);
      }),
    );
  });
});

describe('a list of an organisation', () => {
  const entry = {
    id: 'CVE-2030-0001',
    library: 'acme-loader',
    fixed: '2.0',
    title: 'x',
    severity: 'high',
    source: 'https://acme.io/1',
  };
  const parse = (value: unknown) =>
    parseAdvisories(Buffer.from(JSON.stringify(value, null, 1)), '--advisories own.json');
  const listOf = (...advisories: unknown[]) => ({ version: '2030.1.1', advisories });

  it('stands in place of the shipped one, with its digest', () => {
    const own = parse(listOf(entry));
    expect(own.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const libraries = [
      { library: 'acme-loader', version: '1.9', how: 'pins' as const },
      { library: 'torch', version: '1.0', how: 'pins' as const },
    ];
    expect(advisoryFindings([file({ libraries })], own)).toMatchObject([
      { message: expect.stringContaining('CVE-2030-0001') },
    ]);
  });

  it.each([
    ['not JSON', '{"version": ', 'is not JSON'],
    ['an unknown field', listOf({ ...entry, more: 1 }), 'line 4: advisories.0'],
    [
      'a version that is none',
      listOf(entry, { ...entry, id: 'CVE-2030-0002', fixed: 'soon' }),
      'line 12: advisories.1.fixed is not a version like 2.6.0',
    ],
    ['an id twice', listOf(entry, entry), 'advisories.1 has the id CVE-2030-0001 a second time'],
    ['a range that is empty', listOf({ ...entry, introduced: '2.0' }), 'is introduced in 2.0, which is not before 2.0'],
    [
      'an address without https',
      listOf({ ...entry, source: 'http://x' }),
      'advisories.0.source is not an https address',
    ],
  ])('with %s is refused, with the line and what to do', (_, value, message) => {
    const read = () =>
      typeof value === 'string' ? parseAdvisories(Buffer.from(value), '--advisories own.json') : parse(value);
    expect(read).toThrow(message);
    try {
      read();
    } catch (error) {
      expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('docs/advisories.md') });
    }
  });

  it('of any bytes is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseAdvisories(Buffer.from(text), 'x');
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
        }
      }),
    );
  });
});
