import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readInputs } from '../../action/src/inputs.ts';
import { bundleAction } from '../../scripts/bundle-action.mjs';
import { BUNDLE } from './run-action.ts';

const ACTION = fileURLToPath(new URL('../../action/action.yml', import.meta.url));

describe('the bundle of the Action', () => {
  it('equals a fresh build of the sources, byte for byte', async () => {
    const [first, second] = [await bundleAction(), await bundleAction()];
    expect(first.bytes.equals(second.bytes)).toBe(true);
    expect(first.bytes.equals(readFileSync(BUNDLE)), 'run `npm run bundle`, and commit action/dist/index.js').toBe(
      true,
    );
  });

  it('is one file of less than 3.3 MB that imports only Node modules', async () => {
    const { bytes, metafile } = await bundleAction();
    expect(bytes.length).toBeLessThan(3_300_000);
    const [output] = Object.values(metafile.outputs);
    const imported = new Set(output?.imports.map(({ path }) => path.replace(/^node:/, '').split('/')[0] ?? ''));
    const native = ['pkcs11js', 'better-sqlite3', 'bullmq', 'ioredis', 'pg'];
    expect([...imported].filter((name) => !builtinModules.includes(name) && !native.includes(name))).toEqual([]);
  });

  it('contains no path of the machine that built it', () => {
    const text = readFileSync(BUNDLE, 'utf8');
    expect(text).not.toContain(fileURLToPath(new URL('../..', import.meta.url)));
  });
});

describe('action.yml', () => {
  const action = parse(readFileSync(ACTION, 'utf8'));

  it('runs the bundle on Node 24, and describes every input and output', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' });
    for (const one of Object.values<{ description: string }>({ ...action.inputs, ...action.outputs })) {
      expect(one.description.length).toBeGreaterThan(10);
    }
    expect(Object.keys(action.outputs)).toEqual([
      'decision',
      'findings-count',
      'sarif-file',
      'report-file',
      'digest',
      'change-digest',
    ]);
  });

  it('has defaults that the program accepts', () => {
    const defaults = Object.entries<{ default: string }>(action.inputs).map(([name, input]) => [
      `INPUT_${name.toUpperCase()}`,
      String(input.default).replace(/\$\{\{.*\}\}/, 'token'),
    ]);
    expect(readInputs(Object.fromEntries(defaults))).toMatchObject({
      paths: ['.'],
      policy: 'baseline',
      failOn: undefined,
      reportSeverity: 'low',
      newFindingsOnly: false,
      comment: false,
      offline: false,
      onOutage: 'fail',
    });
  });

  it.each([
    [{ INPUT_PATH: '../up' }, 'path'],
    [{ INPUT_PATH: '/etc' }, 'path'],
    [{ INPUT_POLICY: 'a/../../b.yaml' }, 'policy'],
    [{ 'INPUT_FAIL-ON': 'hight' }, 'fail-on'],
    [{ INPUT_COMMENT: 'yes' }, 'comment'],
    [{ INPUT_REPORT: 'report.txt' }, 'report'],
    [{ 'INPUT_ON-OUTAGE': 'green' }, 'on-outage'],
    [{ 'INPUT_SERVICE-URL': 'assay.example' }, 'service-url'],
    [{ 'INPUT_SERVICE-URL': 'http://assay.example' }, 'service-url'],
    [{ 'INPUT_SERVICE-URL': 'ftp://assay.example' }, 'service-url'],
    [{ 'INPUT_SERVICE-URL': 'https://user:secret@assay.example' }, 'service-url'],
    [{ 'INPUT_SERVICE-URL': 'https://assay.example/?token=secret' }, 'service-url'],
    [{ 'INPUT_SERVICE-URL': 'https://assay.example', 'INPUT_SERVICE-TOKEN': 'two words' }, 'service-token'],
    [{ 'INPUT_SERVICE-TOKEN': 'secret' }, 'service-token'],
    [{ 'INPUT_SERVICE-URL': 'https://assay.example', INPUT_OFFLINE: 'true' }, 'offline'],
    [{ INPUT_WAIVERS: 'a.yaml\n../b.yaml' }, 'waivers'],
  ])('refuses %j', (env, name) => {
    expect(() => readInputs(env)).toThrow(expect.objectContaining({ code: 'usage', subject: `input ${name}` }));
  });
});
