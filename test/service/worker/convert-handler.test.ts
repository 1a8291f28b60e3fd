import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Conversion } from '../../../src/core/conversion/index.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/index.ts';
import { type ClaimedJob, loadRegistryRules, openRegistry, type Registry } from '../../../src/registry/index.ts';
import { openConversionStore } from '../../../src/service/conversions/files.ts';
import type { ConversionStore } from '../../../src/service/conversions/store.ts';
import { type ConvertParts, conversionsOnly, convertHandler } from '../../../src/service/worker/convert-handler.ts';
import { assessmentOf } from '../../registry/assessments.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { submitter } from '../queue/backends.ts';

const folder = tempFolder();
const HOOKS = { signal: new AbortController().signal, onProgress: () => undefined, onCosts: () => undefined };
const OPTIONS = {
  to: 'onnx',
  salvage: false,
  acceptSuspicious: false,
  verify: false,
  rows: null,
  inputShape: null,
  version: null,
  digest: null,
} as const;
let count = 0;

function conversionOf(changes: Partial<Conversion> = {}): Conversion {
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: '1' },
    ruleset: { version: '1', digest: `sha256:${'a'.repeat(64)}` },
    target: 'onnx',
    source: { ref: 'upload:1', pinned: 'upload:1', digest: null, verdict: 'clean' },
    sandbox: null,
    published: true,
    salvaged: false,
    files: [
      {
        path: 'm.onnx',
        size: 1,
        sha256: 'b'.repeat(64),
        verdict: 'clean',
        from: [],
        format: 'x',
        tensors: 1,
        leftOut: [],
        verification: null,
      },
    ],
    indexes: [],
    attestation: null,
    skipped: [],
    ...changes,
  };
}

describe('the handler of conversions', () => {
  let registry: Registry;
  let conversions: ConversionStore;
  let parts: ConvertParts;
  let root: string;
  const told: string[] = [];

  beforeEach(async () => {
    count++;
    const config = await testConfig(join(folder, String(count)));
    mkdirSync(config.dataFolder, { recursive: true });
    root = join(config.dataFolder, 'conversions');
    registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(null) });
    conversions = await openConversionStore(root, config.limits);
    parts = {
      registry,
      conversions,
      settings: config,
      signer: undefined,
      tell: (line) => void told.push(line),
      pool: {
        async convert({ folder: files, job }) {
          writeFileSync(join(files, 'm.onnx'), 'x');
          const { artifact, ...assessment } = assessmentOf({});
          const ref = `conversion:${job}`;
          return {
            kind: 'converted',
            conversion: conversionOf(),
            assessment: { ...assessment, artifact: { ...artifact, ref, pinned: ref } },
          };
        },
      },
    };
  });
  afterEach(() => registry.close());

  async function claimed(leaseMs = 60_000): Promise<ClaimedJob> {
    const request = { target: 'upload:1', model: 'acme/m', ruleset: 'r', conversion: OPTIONS };
    await registry.jobs.create(submitter, request);
    const [job] = await registry.jobs.claim('worker', leaseMs, 1);
    if (job === undefined) throw new Error('no job');
    return job;
  }

  const left = () => readdirSync(root).flatMap((home) => readdirSync(join(root, home)));

  it('publishes once when two workers finish the same job', async () => {
    const job = await claimed();
    const handle = convertHandler(parts);
    expect(await handle(job, HOOKS)).toMatchObject({ kind: 'registered' });
    const output = await registry.jobs.output(submitter, job.job.id);
    expect(await handle(job, HOOKS)).toMatchObject({ kind: 'registered' });
    expect(await registry.jobs.output(submitter, job.job.id)).toBe(output);
    expect(left()).toEqual([output]);
    expect((await registry.versions(submitter, 'acme/m')).items).toHaveLength(1);
  });

  it('leaves nothing of a job that was cancelled meanwhile', async () => {
    const job = await claimed();
    const { pool } = parts;
    const cancelling: ConvertParts['pool'] = {
      async convert(...given) {
        await registry.jobs.cancel(submitter, job.job.id);
        return pool.convert(...given);
      },
    };
    expect(await convertHandler({ ...parts, pool: cancelling })(job, HOOKS)).toMatchObject({
      kind: 'failed',
      code: 'ended',
    });
    expect(left()).toEqual([]);
    expect((await registry.models(submitter)).items).toEqual([]);
  });

  it.each([
    [
      { kind: 'failed', code: 'unsupported', message: 'why' },
      { kind: 'failed', code: 'unsupported', retry: false },
    ],
    [
      { kind: 'failed', code: 'network', message: 'why' },
      { kind: 'failed', code: 'network', retry: true },
    ],
    [
      { kind: 'lost', code: 'crashed', message: 'why' },
      { kind: 'failed', code: 'crashed', retry: true },
    ],
    [
      { kind: 'lost', code: 'out-of-memory', message: 'why' },
      { kind: 'failed', retry: false },
    ],
    [{ kind: 'busy' }, { kind: 'released' }],
  ] as const)('leaves nothing when the thread ends with %j', async (end, expected) => {
    const job = await claimed();
    const pool: ConvertParts['pool'] = {
      async convert({ folder: files }) {
        writeFileSync(join(files, 'partial'), 'x');
        return end;
      },
    };
    expect(await convertHandler({ ...parts, pool })(job, HOOKS)).toMatchObject(expected);
    expect(left()).toEqual([]);
  });

  it('keeps the report of a verification that failed, for the job alone', async () => {
    const job = await claimed();
    const conversion = conversionOf({ published: false });
    const pool: ConvertParts['pool'] = {
      convert: async () => ({ kind: 'failed', code: 'mismatch', message: 'differs', conversion }),
    };
    const end = await convertHandler({ ...parts, pool })(job, HOOKS);
    expect(end).toMatchObject({ kind: 'failed', code: 'mismatch', retry: false, output: expect.any(String) });
    if (end.kind !== 'failed') throw new Error('not failed');
    expect(await registry.jobs.finish(job, end)).toBe(true);
    const output = await registry.jobs.output(submitter, job.job.id);
    expect((await conversions.kept(submitter.tenant, output ?? ''))?.downloads).toEqual([]);
  });

  it('fails a job whose tenant or disk has no room, before anything is converted', async () => {
    const full = await openConversionStore(root, { maxUploadBytes: 1, freeBytes: async () => 0 });
    const pool: ConvertParts['pool'] = {
      convert: async () => {
        throw new Error('converted');
      },
    };
    const end = await convertHandler({ ...parts, pool, conversions: full })(await claimed(), HOOKS);
    expect(end).toMatchObject({ kind: 'failed', code: 'storage-full', retry: false });
  });
});

describe('the signer of a conversion', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = conversionsOnly(keySigner(privateKey), 'upload:1', 'onnx');
  const TYPE = 'application/vnd.in-toto+json';
  const at = new Date('2026-01-02T03:04:05Z');
  const signed = (statement: object) => signer.sign(TYPE, Buffer.from(JSON.stringify(statement)));

  it('signs what the job converted', async () => {
    expect(await signed(createStatement('conversion', { conversion: conversionOf(), at }))).toHaveProperty(
      'dsseEnvelope',
    );
  });

  it('signs no other source, no other format, no approval, and nothing that is not a statement', async () => {
    const { source } = conversionOf();
    const others = [
      createStatement('conversion', { conversion: conversionOf({ source: { ...source, ref: 'upload:2' } }), at }),
      createStatement('conversion', { conversion: conversionOf({ target: 'savedmodel' }), at }),
      createStatement('approval', {
        subjects: [{ name: 'm', digest: { sha256: 'a'.repeat(64) } }],
        stage: 'production',
        at,
      }),
      {},
    ];
    for (const statement of others) await expect(signed(statement)).rejects.toThrow();
  });
});
