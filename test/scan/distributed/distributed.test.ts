import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess } from '../../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../../support/artifacts.ts';
import { PAYLOAD } from '../../support/containers.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

type Files = Readonly<Record<string, Uint8Array>>;

const filesOf = (folder: string): Files =>
  Object.fromEntries(
    readdirSync(`fixtures/convert/${folder}`).map((name) => [name, readFileSync(`fixtures/convert/${folder}/${name}`)]),
  );
const folder = filesOf('distcp');
const judge = async (files: Files) => {
  const entries = Object.entries(files).map(([path, bytes]) => memoryFile(`c/${path}`, bytes));
  const { files: judged, findings, checks } = await assess(artifactOf(entries));
  return {
    verdicts: Object.fromEntries(judged.map(({ path, verdict }) => [path.slice(2), verdict])),
    rules: findings.map(({ ruleId }) => ruleId),
    messages: findings.map(({ message }) => message),
    checks: checks.map(({ id }) => id),
  };
};
/** The metadata with a name of the same length. */
const named = (name: string): Files => {
  expect(name.length).toBe('__0_0.distcp'.length);
  const text = Buffer.from(folder['.metadata'] ?? []).toString('latin1');
  return { ...folder, '.metadata': Buffer.from(text.replace('__0_0.distcp', name), 'latin1') };
};
const data = Buffer.from(folder['__1_0.distcp'] ?? []);

describe('a distributed checkpoint', () => {
  it.each(['distcp', 'fsdp'])('that PyTorch wrote is clean: %s', async (name) => {
    const { verdicts, rules, checks } = await judge(filesOf(name));
    expect(verdicts).toEqual({ '.metadata': 'clean', '__0_0.distcp': 'clean', '__1_0.distcp': 'clean' });
    expect([rules, checks]).toEqual([[], []]);
  });

  it.each(['../../../etc', '/etc/passwd1', 'C:/secret/12', 'file:///e/pw', '\\\\host\\share'])(
    'that names the file %s is malicious',
    async (name) => {
      const { verdicts, rules } = await judge(named(name));
      expect([verdicts['.metadata'], rules]).toEqual(['malicious', ['distcp.outside-file']]);
    },
  );

  it.each(['a/../x.distcp', 'x.distcp    ', 'a\\b.distcp  '.slice(0, 12), '~/abc.distcp'])(
    'that names the file %j is suspicious',
    async (name) => {
      const { verdicts, rules } = await judge(named(name.slice(0, 12).padEnd(12, 'x')));
      expect(verdicts['.metadata']).toBe('suspicious');
      expect(rules).toEqual(['distcp.odd-file']);
    },
  );

  it('that names a file which is not there is not assessed', async () => {
    const { verdicts, checks } = await judge(named('__9_9.distcp'));
    expect([verdicts['.metadata'], checks]).toEqual(['not-assessed', ['format.torch-distcp.files']]);
    const { '__1_0.distcp': _, ...rest } = folder;
    expect((await judge(rest)).verdicts['.metadata']).toBe('not-assessed');
  });

  it('whose values reach beyond their file, or are in another kind of file, is suspicious', async () => {
    const cut = { ...folder, '__1_0.distcp': data.subarray(0, 864) };
    expect((await judge(cut)).messages).toEqual([
      'The file "c/__1_0.distcp", which holds values of the checkpoint, ends at 864, and a value at 7756.',
    ]);
    const other = { ...folder, '__1_0.distcp': Buffer.alloc(8000, 'text. ') };
    expect((await judge(other)).verdicts['.metadata']).toBe('suspicious');
  });

  it('does not make a file clean that is of no format', async () => {
    const noise = Buffer.from(Array.from({ length: 8000 }, (_, i) => (i * 7919 + (i >> 3) * 31 + 200) & 0xff));
    const { verdicts } = await judge({ ...folder, '__1_0.distcp': noise });
    expect(verdicts['__1_0.distcp']).not.toBe('clean');
  });

  it('whose metadata calls something else is malicious', async () => {
    const { verdicts } = await judge({ ...folder, '.metadata': PAYLOAD });
    expect(verdicts['.metadata']).toBe('malicious');
  });
});

describe('a checkpoint of DeepSpeed', () => {
  it.each(['zero1', 'zero2', 'zero3'])('%s is clean', async (stage) => {
    const { verdicts } = await judge(filesOf(`deepspeed/${stage}`));
    expect(Object.keys(verdicts).length).toBeGreaterThan(1);
    expect(new Set(Object.values(verdicts))).toEqual(new Set(['clean']));
  });
});

describe('a data file of a distributed checkpoint', () => {
  const scan = (bytes: Uint8Array, name = '__1_0.distcp') => scanPickleBytes(bytes, name);

  it('is its archives, one after another', async () => {
    const { verdict, format } = await scan(data);
    expect([verdict, format]).toEqual(['clean', 'torch-distcp']);
  });

  it('under another name is a zip with bytes before it', async () => {
    expect((await scan(data, 'm.pt')).verdict).not.toBe('clean');
  });

  it.each([
    ['before the first', () => Buffer.concat([PAYLOAD, data])],
    ['between two', () => Buffer.concat([data.subarray(0, 864), PAYLOAD, data.subarray(864)])],
    ['behind the last', () => Buffer.concat([data, PAYLOAD])],
  ])('with bytes %s is not clean', async (_, bytes) => {
    expect((await scan(bytes())).verdict).not.toBe('clean');
  });

  it.each([0, 864, 1728])('with something else in the archive at %i is malicious', async (at) => {
    const evil = readFileSync('fixtures/loader-probes/torch-zip-import/a.pt');
    const { verdict, findings } = await scan(Buffer.concat([data.subarray(0, at), evil, data.subarray(at)]));
    expect([verdict, findings[0]?.member?.startsWith(`archive@${at}`)]).toEqual(['malicious', true]);
  });

  it('with any byte changed is read without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(data.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(data);
        changed[at] = byte;
        const { verdict } = await scan(changed);
        expect(['clean', 'suspicious', 'malicious', 'unknown']).toContain(verdict);
      }),
      { numRuns: 15 },
    );
  });
});
