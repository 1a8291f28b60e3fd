import { readdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeKey, openssl } from '../integrity/sign/pki.ts';
import { tempFolder } from '../support/temp.ts';
import { verdicts } from './examples/assess.ts';
import { safeFiles } from './examples/convert.ts';
import { decisions } from './examples/decide.ts';
import { reports } from './examples/reports.ts';
import { mayLoad } from './examples/scan.ts';
import { publish } from './examples/sign.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const BENIGN = join(ROOT, 'fixtures/benign/torch/2.6.0/state-dict.pt');
const MALICIOUS = join(ROOT, 'fixtures/pickle-probes/zip-plain/m.pt');
const folder = tempFolder();

describe('the examples of the library', () => {
  it('equal those of the documentation', () => {
    const document = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
    const shown = [...document.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text);
    const examples = join(ROOT, 'test/library/examples');
    const files = readdirSync(examples).map((name) => readFileSync(join(examples, name), 'utf8'));
    expect([...shown].sort()).toEqual(files.sort());
  });

  it('distinguish a model that can be loaded from one with a payload, and from a missing one', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await mayLoad(BENIGN)).toBe(true);
    expect(log).not.toHaveBeenCalled();
    expect(await mayLoad(MALICIOUS)).toBe(false);
    expect(log.mock.calls.flat().join('\n')).toContain('os.system');
    log.mockClear();
    expect(await mayLoad(join(folder, 'nothing.pt'))).toBe(false);
    expect(log.mock.calls.flat().join('\n')).toContain('nothing.pt');
    log.mockRestore();
  });

  it('apply several policies to one scan', async () => {
    expect(await decisions(MALICIOUS, ['baseline', 'strict'])).toEqual(
      new Map([
        ['baseline', 'deny'],
        ['strict', 'deny'],
      ]),
    );
    expect((await decisions(BENIGN, ['baseline'])).get('baseline')).toBe('allow');
  });

  it('convert a model that can be loaded, and not one with a payload', async () => {
    expect(await safeFiles(BENIGN, join(folder, 'safe'))).toEqual(['state-dict.safetensors']);
    expect(await safeFiles(MALICIOUS, join(folder, 'evil'))).toEqual([]);
    expect(readdirSync(folder)).not.toContain('evil');
  });

  it('sign and verify a model', async () => {
    const model = join(folder, 'model');
    await cp(BENIGN, join(model, 'state-dict.pt'));
    const key = makeKey(join(folder, 'key.pem'), 'P-256');
    const publicKey = join(folder, 'key.pub');
    openssl('pkey', '-in', key, '-pubout', '-out', publicKey);
    expect(await publish(model, key, publicKey)).toBe(join(model, 'model.sig'));
  });

  it('write every report', async () => {
    const written = await reports(MALICIOUS);
    expect(written.size).toBe(9);
    for (const [name, text] of written) expect(text, name).toContain('m.pt');
    for (const name of ['report.json', 'report.sarif', 'bom.json', 'openvex.json'])
      expect(() => JSON.parse(written.get(name) ?? ''), name).not.toThrow();
  });

  it('assess with limits of their own', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(await verdicts(BENIGN, new AbortController().signal)).toEqual(new Map([['state-dict.pt', 'clean']]));
    expect(error).toHaveBeenCalledWith('artifact');
    await expect(verdicts(BENIGN, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    error.mockRestore();
  });
});
