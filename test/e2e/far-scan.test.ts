import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { decide } from '../../src/policy/index.ts';
import { torchZip } from '../support/fake-content.ts';
import { fakeFile } from '../support/fake-hub.ts';
import { HubHarness } from '../support/hub-harness.ts';
import { assemble, global } from '../support/pickle-asm.ts';

let harness: HubHarness;

beforeEach(async () => {
  harness = await HubHarness.start();
});

afterEach(async () => {
  await harness.close();
});

describe('a 10 GB Hub repository', () => {
  test('is judged from under a thousandth of its bytes, with claimed digests', async () => {
    const shards = [2, 3, 5].map((gigabytes, i) => {
      const content = torchZip(new Array<number>(gigabytes * 25).fill(40_000_000));
      return fakeFile(`pytorch_model-0000${i + 1}-of-00003.bin`, content, { lfs: true, oid: `${i}`.repeat(64) });
    });
    harness.repo.commit([...shards, fakeFile('config.json', '{"model_type": "bert"}')]);
    const assessment = await assess(await harness.open());
    const { bytesRead, bytesTotal } = assessment.stats;
    console.log(`read ${bytesRead} of ${bytesTotal} bytes: ${((100 * bytesRead) / bytesTotal).toFixed(4)} %`);
    expect(bytesTotal).toBeGreaterThan(10_000_000_000);
    expect(bytesRead / bytesTotal).toBeLessThan(0.001);
    expect(harness.hub.sentBy('cdn')).toBeLessThanOrEqual(bytesRead);
    expect(assessment.files.map(({ verdict, digestBasis }) => `${verdict} ${digestBasis}`)).toEqual([
      'clean computed',
      'clean claimed',
      'clean claimed',
      'clean claimed',
    ]);
    expect(assessment.artifact.pinned).toMatch(/^hf:\/\/owner\/model@[0-9a-f]{40}$/);
    expect(decide(assessment).action).toBe('allow');
  });

  test('with a payload in the pickle of one shard is malicious, and the finding names the shard', async () => {
    const payload = assemble(
      ['PROTO', 2],
      global('os', 'system'),
      ['BINUNICODE', 2, 0, 0, 0, 'id'],
      'TUPLE1',
      'REDUCE',
      'STOP',
    );
    const shard = fakeFile('pytorch_model.bin', torchZip([40_000_000, 40_000_000], payload), {
      lfs: true,
      oid: 'a'.repeat(64),
    });
    harness.repo.commit([shard, fakeFile('config.json', '{}')]);
    const assessment = await assess(await harness.open());
    expect(assessment.findings).toMatchObject([
      { ruleId: 'pickle.global.dangerous', file: 'pytorch_model.bin', evidence: 'os.system("id")' },
    ]);
    expect(decide(assessment).action).toBe('deny');
  });
});
