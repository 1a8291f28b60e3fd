import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scanDeep } from '../../support/scan-deep.ts';

const FOLDER = new URL('../../../fixtures/keras/', import.meta.url).pathname;
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
const scan = (name: string) => scanDeep(gunzipSync(readFileSync(`${FOLDER}${name}`)), name.slice(0, -3));

describe('what Keras writes', () => {
  const own = files.filter((name) => !name.includes('custom-'));

  it('is there in three versions and in each form', () => {
    const forms = new Set(own.map((name) => name.replace(/^.*\/[\w-]+\./, '')));
    expect([...forms].sort()).toEqual(['h5.gz', 'json.gz', 'keras.gz', 'metadata.pb.gz', 'weights.h5.gz']);
    expect(new Set(own.map((name) => name.split('/')[0]))).toEqual(new Set(['2.15.0', '3.15.1', '3.5.0']));
  });

  it.each(own)('is clean: %s', async (name) => {
    expect(await scan(name)).toMatchObject({ verdict: 'clean', messages: [], reasons: [] });
  });
});

describe('what needs code that is not part of Keras', () => {
  const whole = files.filter((name) => name.includes('custom-') && !name.includes('weights.h5'));

  it.each(whole.filter((name) => !name.includes('lambda')))('is suspicious: %s', async (name) => {
    expect(await scan(name)).toMatchObject({ verdict: 'suspicious', reasons: [] });
  });

  it.each(whole.filter((name) => name.includes('lambda')))('is malicious as bytes of Python: %s', async (name) => {
    const { verdict, ruleIds } = await scan(name);
    expect(verdict).toBe('malicious');
    expect(ruleIds).toContain('keras.code');
  });

  it.each(files.filter((name) => name.includes('weights.h5')))('leaves the weights clean: %s', async (name) => {
    expect((await scan(name)).verdict).toBe('clean');
  });
});
