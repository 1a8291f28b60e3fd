import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ArtifactFile } from '../../src/core/artifact.ts';
import type { Assessment } from '../../src/core/assessment/assessment.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { FileSource } from '../../src/core/bytes/file-source.ts';
import { AssayError } from '../../src/core/errors.ts';
import type { ProgressEvent } from '../../src/core/events.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, fileFrom, folderFiles, memoryFile, SlowSource } from '../support/artifacts.ts';
import { buildZip, PAYLOAD } from '../support/containers.ts';
import { untilTimesMove } from '../support/file-times.ts';
import { noise, tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const root = tempFolder();
let folders = 0;

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = join(root, String(folders++));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const CLEAN = Buffer.from('\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.', 'latin1');
const ORDERED = Buffer.from('\x80\x02ccollections\nOrderedDict\n)R.', 'latin1');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const gitSha1 = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
/** More than a block, so that it is hashed on a thread and read in parts. */
const LARGE = Buffer.concat([CLEAN.subarray(0, -1), Buffer.from('N0'.repeat(1_500_000)), Buffer.from('.')]);

async function assessOne(file: ArtifactFile, options: Parameters<typeof assess>[1] = {}) {
  const assessment = await assess(artifactOf([file]), options);
  const [only] = assessment.files;
  if (only === undefined) throw new Error('no file was assessed');
  return { assessment, file: only };
}

describe('an assessment', () => {
  it('states for each file its format, its verdict and which bytes were read', async () => {
    const folder = folderOf({
      'model.pkl': CLEAN,
      'sub/evil.pkl': PAYLOAD,
      'config.json': '{"a": 1}',
      'weights.bin': noise(500),
      'large.pkl': LARGE,
    });
    const files = folderFiles(folder);
    const assessment = await assess(artifactOf(files));
    expect(assessment.status).toBe('complete');
    expect(assessment.files.map(({ path, verdict }) => [path, verdict])).toEqual([
      ['config.json', 'clean'],
      ['large.pkl', 'clean'],
      ['model.pkl', 'clean'],
      ['sub/evil.pkl', 'malicious'],
      ['weights.bin', 'unknown'],
    ]);
    for (const file of assessment.files) {
      const bytes = readFileSync(join(folder, file.path));
      expect(file).toMatchObject({ size: bytes.length, sha256: sha256(bytes), digestBasis: 'computed' });
      let at = 0;
      const parts = [...file.coverage.ranges, ...file.coverage.gaps].sort((a, b) => a.start - b.start);
      for (const { start, end } of parts) {
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(bytes.length);
    }
    const bytesTotal = files.reduce((sum, { size }) => sum + size, 0);
    expect(assessment.stats).toMatchObject({ files: 5, bytesTotal, bytesRead: bytesTotal });
    expect(assessment.artifact.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('of an empty artifact has no digest', async () => {
    const assessment = await assess(artifactOf([]));
    expect(assessment).toMatchObject({ status: 'complete', files: [], artifact: { digest: null } });
  });

  it('reports its progress: the artifact, then each file once from start to end', async () => {
    const events: ProgressEvent[] = [];
    const files = folderFiles(folderOf({ 'a.pkl': CLEAN, 'b.pkl': PAYLOAD, 'c.txt': 'text' }));
    await assess(artifactOf(files), { onEvent: (event) => events.push(event) });
    expect(events[0]).toMatchObject({ kind: 'artifact', files: 3 });
    for (const { path } of files) {
      const own = events.filter((event) => 'path' in event && event.path === path).map(({ kind }) => kind);
      expect(own[0]).toBe('file-start');
      expect(own.at(-1)).toBe('file-end');
      expect(own.filter((kind) => kind === 'file-start')).toHaveLength(1);
    }
  });

  it('does not depend on the order of the files', async () => {
    const probes = new URL('../../fixtures/pickle-probes/', import.meta.url).pathname;
    const folder = folderOf({
      'mods.zip': buildZip([{ name: 'collections.py', data: 'pass\n' }]),
      'other.zip': buildZip([{ name: 'inner.pkl', data: ORDERED }]),
      'ordered.pkl': ORDERED,
      'padded.pkl': Buffer.concat([
        Buffer.from('\x80\x02', 'latin1'),
        Buffer.from('N0'.repeat(2_000)),
        ORDERED.subarray(2),
      ]),
    });
    const names = ['op-global-p2', 'zip-plain', 'ok-torch-sd', 'joblib-zlib', 'memo-alias', 'tar-gz', 'torch-legacy'];
    const files = [
      ...folderFiles(folder),
      ...names.flatMap((name) =>
        folderFiles(join(probes, name)).map((file) => ({ ...file, path: `${name}/${file.path}` })),
      ),
    ];
    const plain = ({ stats, ...rest }: Assessment) => ({ ...rest, bytesTotal: stats.bytesTotal });
    const first = plain(await assess(artifactOf(files)));
    expect(first.files.find(({ path }) => path === 'ordered.pkl')?.verdict).toBe('suspicious');
    expect(first.files.find(({ path }) => path === 'padded.pkl')?.verdict).toBe('suspicious');
    for (let turn = 1; turn < 6; turn++) {
      const turned = [...files.slice(turn * 2), ...files.slice(0, turn * 2)];
      expect(plain(await assess(artifactOf(turn % 2 === 0 ? turned : turned.reverse())))).toEqual(first);
    }
  });
});

describe('a file that changes while it is scanned', () => {
  const changing = (bytes: Uint8Array, change: (path: string) => void): ArtifactFile => {
    const path = join(folderOf({ 'model.pkl': bytes }), 'model.pkl');
    return fileFrom('model.pkl', bytes.length, async () => {
      const source = FileSource.open(path);
      await source.read(0, 1);
      await untilTimesMove(path);
      change(path);
      return source;
    });
  };

  it.each([
    ['small', CLEAN],
    ['large', LARGE],
  ])('is unknown and makes the assessment incomplete (%s)', async (_, bytes) => {
    const { assessment, file } = await assessOne(changing(bytes, (path) => appendFileSync(path, 'x')));
    expect(assessment.status).toBe('incomplete');
    expect(file.verdict).toBe('unknown');
    expect(file.reasons[0]).toMatch(/changed while it was scanned/);
  });

  it('is unknown when it was truncated', async () => {
    const { assessment, file } = await assessOne(changing(LARGE, (path) => truncateSync(path, 100)));
    expect(assessment.status).toBe('incomplete');
    expect(file).toMatchObject({ verdict: 'unknown', sha256: null, digestBasis: 'none' });
    expect(file.reasons.join()).toMatch(/while it was read/);
    expect(assessment.artifact.digest).toBeNull();
  });

  it('stays malicious when the bytes that were read are malicious', async () => {
    const { assessment, file } = await assessOne(changing(PAYLOAD, (path) => appendFileSync(path, 'x')));
    expect(assessment.status).toBe('incomplete');
    expect(file.verdict).toBe('malicious');
  });

  it('is checked for changes after the last read, also after a second pass for its digest', async () => {
    const source = new SlowSource(CLEAN);
    const claimed = { algorithm: 'git-sha1', hex: gitSha1(CLEAN) } as const;
    await assessOne(fileFrom('model.pkl', CLEAN.length, async () => source, { claimed }));
    expect(source.calls.slice(-2)).toEqual(['unchanged', 'close']);
    expect(source.calls.slice(0, -2)).not.toContain('unchanged');
  });
});

describe('a file that cannot be read', () => {
  it('is unknown with the reason and the hint, and the other files are assessed', async () => {
    const refused = fileFrom('secret.pkl', 10, () =>
      Promise.reject(new AssayError('unreadable', 'permission denied', { hint: 'grant read permission' })),
    );
    const assessment = await assess(artifactOf([refused, memoryFile('model.pkl', CLEAN)]));
    expect(assessment.status).toBe('incomplete');
    expect(assessment.files).toMatchObject([
      { path: 'model.pkl', verdict: 'clean' },
      {
        path: 'secret.pkl',
        verdict: 'unknown',
        sha256: null,
        reasons: ['permission denied; grant read permission'],
        coverage: { ranges: [], gaps: [{ start: 0, end: 10 }] },
      },
    ]);
    expect(assessment.artifact.digest).toBeNull();
  });

  it('is unknown when it was removed after the folder was listed', async () => {
    const gone = fileFrom('gone.pkl', 10, async () => FileSource.open(join(root, 'gone.pkl')));
    const { assessment, file } = await assessOne(gone);
    expect(assessment.status).toBe('incomplete');
    expect(file.verdict).toBe('unknown');
  });

  it('fails the checksum when its source reports other bytes', async () => {
    const lying = fileFrom('model.pkl', 10, () =>
      Promise.reject(new AssayError('mismatch', 'has other bytes than announced')),
    );
    const { assessment } = await assessOne(lying);
    expect(assessment.checks).toMatchObject([{ id: 'integrity.checksum', status: 'fail' }]);
    expect(assessment.status).toBe('incomplete');
  });

  it('ends the assessment when the error is a defect of ours', async () => {
    const broken = fileFrom('model.pkl', 10, () => Promise.reject(new TypeError('a defect')));
    await expect(assess(artifactOf([broken]))).rejects.toThrow(TypeError);
    const internal = fileFrom('model.pkl', 10, () => Promise.reject(new AssayError('internal', 'a defect')));
    await expect(assess(artifactOf([internal]))).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('a defect of a reader', () => {
  /** What its thread gets in place of bytes no reader expects. */
  class Defect extends MemorySource {
    override readNow(): Buffer {
      return { length: 10 } as unknown as Buffer;
    }
  }

  it('costs its file alone, which is not clean', async () => {
    const defect = fileFrom('defect.pkl', 10, async () => new Defect(Buffer.from('0123456789'), 'defect.pkl'));
    const { files } = await assess(artifactOf([memoryFile('good.pkl', CLEAN), defect]));
    expect(files.map(({ path, verdict }) => [path, verdict])).toEqual([
      ['defect.pkl', 'unknown'],
      ['good.pkl', 'clean'],
    ]);
    expect(files[0]?.reasons.join()).toContain('a defect of Assay: please report it');
  });
});

describe('an announced digest', () => {
  it.each([
    ['sha256', sha256(CLEAN)],
    ['git-sha1', gitSha1(CLEAN)],
  ] as const)('of %s passes the check when the bytes match, and fails it when they do not', async (algorithm, hex) => {
    const kept = await assessOne(memoryFile('model.pkl', CLEAN, { claimed: { algorithm, hex } }));
    expect(kept.assessment.checks).toMatchObject([{ id: 'integrity.checksum', status: 'pass' }]);
    const other = memoryFile('model.pkl', ORDERED, { claimed: { algorithm, hex } });
    const broken = await assessOne(other);
    expect(broken.assessment.checks).toMatchObject([
      { id: 'integrity.checksum', status: 'fail', detail: expect.stringContaining('model.pkl') },
    ]);
  });

  it('that one file does not match fails the check of the artifact, which names the file', async () => {
    const good = { algorithm: 'sha256', hex: sha256(CLEAN) } as const;
    const files = ['a.pkl', 'c.pkl', 'd.pkl'].map((path) => memoryFile(path, CLEAN, { claimed: good }));
    files.push(memoryFile('b.pkl', ORDERED, { claimed: good }));
    const { checks } = await assess(artifactOf(files));
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ status: 'fail' });
    expect(checks[0]?.detail).toMatch(/\(b\.pkl\)$/);
  });

  it('of a far file is reported as claimed, not computed', async () => {
    const far = (claimed: ArtifactFile['claimed']) =>
      fileFrom('model.pkl', CLEAN.length, async () => new SlowSource(CLEAN), {
        distance: 'far',
        ...(claimed === undefined ? {} : { claimed }),
      });
    const hex = sha256(CLEAN);
    const claimed = await assessOne(far({ algorithm: 'sha256', hex }));
    expect(claimed.file).toMatchObject({ verdict: 'clean', sha256: hex, digestBasis: 'claimed' });
    expect(claimed.assessment.checks).toMatchObject([{ id: 'integrity.checksum', status: 'not-assessed' }]);
    const git = await assessOne(far({ algorithm: 'git-sha1', hex: gitSha1(CLEAN) }));
    expect(git.file).toMatchObject({ sha256: null, digestBasis: 'none' });
    const bare = await assessOne(far(undefined));
    expect(bare.file).toMatchObject({ sha256: null, digestBasis: 'none' });
    expect(bare.assessment.checks).toEqual([]);
  });
});

describe('limits', () => {
  /** The parser has a time limit of its own: a result that it waits for never arrives before the limit, on any machine. */
  const never = new Promise<never>(() => undefined);

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('make a file that takes too long unknown, with the limit as the reason', async () => {
    const slow = fileFrom('model.pkl', LARGE.length, async () => new SlowSource(LARGE, () => never));
    const { assessment, file } = await assessOne(slow, { limits: { ...DEFAULT_LIMITS, maxFileMs: 40 } });
    expect(file.verdict).toBe('unknown');
    expect(file.reasons.join()).toContain('(maxFileMs)');
    expect(assessment.status).toBe('complete');
  });

  it('keep what was found before the time limit', async () => {
    const bytes = Buffer.concat([PAYLOAD.subarray(0, -1), LARGE.subarray(2)]);
    // The first and last parts are read at once; the parts between take longer than the limit, on any machine.
    const slow = new (class extends SlowSource {
      override async read(offset: number, length: number) {
        if (offset > 0 && offset + length < bytes.length) await pause(250);
        return super.read(offset, length);
      }
    })(bytes);
    const far = fileFrom('model.pkl', bytes.length, async () => slow);
    const { file, assessment } = await assessOne(far, { limits: { ...DEFAULT_LIMITS, maxFileMs: 3_000 } });
    expect(file.verdict).toBe('malicious');
    expect(file.imports).toEqual(['os.system']);
    expect(file.reasons.join()).toContain('(maxFileMs)');
    expect(assessment.findings.map(({ ruleId }) => ruleId)).toContain('pickle.global.dangerous');
  });

  it('end a small archive that takes too much work', async () => {
    const head = Buffer.from('\x80\x02', 'latin1');
    const data = Buffer.concat([head, Buffer.from('N0'.repeat(1_600_000)), Buffer.from('N.')]);
    const of = { crc: crc32(data), size: data.length };
    const parts = { data: '', stored: deflateRawSync(data), method: 8, local: of, central: of };
    // Many times as much work as the limit allows.
    const inner = buildZip(Array.from({ length: 1_000 }, (_, i) => ({ ...parts, name: `m${i}` })));
    const zip = buildZip([
      { name: 'evil.pkl', data: PAYLOAD },
      { name: 'inner.zip', data: inner, method: 8 },
    ]);
    expect(zip.length).toBeLessThan(1024 * 1024);
    const { file } = await assessOne(memoryFile('model.zip', zip), { limits: { ...DEFAULT_LIMITS, maxFileMs: 3_000 } });
    expect(file.verdict).toBe('malicious');
    expect(file.reasons).toContain('inner.zip: took longer than 3000 ms (maxFileMs)');
  });

  it('make containers deeper than maxDepth unknown', async () => {
    let bytes = buildZip([{ name: 'evil.pkl', data: PAYLOAD }]);
    for (let i = 0; i < 4; i++) bytes = buildZip([{ name: 'inner.zip', data: bytes }]);
    const within = await assessOne(memoryFile('model.zip', bytes), { limits: { ...DEFAULT_LIMITS, maxDepth: 5 } });
    expect(within.file.verdict).toBe('malicious');
    const beyond = await assessOne(memoryFile('model.zip', bytes), { limits: { ...DEFAULT_LIMITS, maxDepth: 4 } });
    expect(beyond.file.verdict).toBe('unknown');
    expect(beyond.file.reasons.join()).toContain('maxDepth');
  });

  it('keep maxFindings findings and count the rest, which still affect the verdict', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `cnowhere\nname${i}\n0`).join('');
    const bytes = Buffer.from(`\x80\x02${many}cos\nsystem\n(S'true'\ntR.`, 'latin1');
    const limits = { ...DEFAULT_LIMITS, maxFindings: 10 };
    const { assessment, file } = await assessOne(memoryFile('model.pkl', bytes), { limits });
    expect(assessment.findings).toHaveLength(10);
    expect(file.verdict).toBe('malicious');
    expect(file.imports).toContain('os.system');
    expect(file.reasons.join()).toMatch(/\d+ more findings were not kept \(maxFindings\)/);
  });
});

describe('an abort signal', () => {
  it('ends the assessment, closes open files and leaves nothing running', async () => {
    const before = process.getActiveResourcesInfo().length;
    const controller = new AbortController();
    const sources: SlowSource[] = [];
    let reads = 0;
    const slow = (path: string) =>
      fileFrom(path, LARGE.length, async () => {
        const source = new SlowSource(LARGE, async () => {
          if (++reads === 3) controller.abort();
        });
        sources.push(source);
        return source;
      });
    const stopped = assess(artifactOf(['a.pkl', 'b.pkl', 'c.pkl'].map(slow)), { signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'AssayError', code: 'aborted' });
    expect(sources.length).toBeGreaterThan(0);
    for (const { calls } of sources) expect(calls.at(-1)).toBe('close');
    // A read of another lane may have been in progress.
    expect(reads).toBeLessThan(3 + 8);
    await until('nothing runs any more', () => process.getActiveResourcesInfo().length <= before);
  });

  it('is checked before the first file, while one is opened, and while it is hashed', async () => {
    const file = join(folderOf({ 'large.pkl': LARGE }), 'large.pkl');
    await expect(
      assess(artifactOf([memoryFile('a.pkl', CLEAN)]), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'aborted' });
    for (const bytes of [CLEAN, LARGE]) {
      const controller = new AbortController();
      const opened = fileFrom('model.pkl', bytes.length, async () => {
        controller.abort();
        return bytes === LARGE ? FileSource.open(file) : new SlowSource(bytes);
      });
      await expect(assess(artifactOf([opened]), { signal: controller.signal })).rejects.toMatchObject({
        code: 'aborted',
      });
    }
  });
});

describe('a listed global', () => {
  it('is void when the artifact holds a file that would provide its module', async () => {
    const alone = await assess(artifactOf([memoryFile('model.pkl', ORDERED)]));
    expect(alone.files[0]?.verdict).toBe('clean');
    for (const path of ['collections.py', 'code/collections.py', 'collections/__init__.py', 'collections.abi3.so']) {
      const beside = memoryFile(path, Buffer.from(path.endsWith('.so') ? '\x7fELF' : 'pass\n'));
      const assessment = await assess(artifactOf([memoryFile('model.pkl', ORDERED), beside]));
      const model = assessment.files.find((file) => file.path === 'model.pkl');
      expect(model?.verdict, path).toBe('suspicious');
      expect(assessment.findings.some(({ file, ruleId }) => file === 'model.pkl' && ruleId.includes('shadow'))).toBe(
        true,
      );
    }
  });

  it('is not voided by a file that provides another module', async () => {
    const assessment = await assess(
      artifactOf([memoryFile('model.pkl', ORDERED), memoryFile('collection.py', Buffer.from('pass\n'))]),
    );
    expect(assessment.files.find(({ path }) => path === 'model.pkl')?.verdict).toBe('clean');
  });
});
