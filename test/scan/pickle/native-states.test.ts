import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pickleScanner } from '../../../src/scan/pickle/scan-pickle.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const BENIGN = 'fixtures/benign';

function edited(path: string, from: string, to: string): Uint8Array {
  const text = readFileSync(`${BENIGN}/${path}`).toString('latin1');
  expect(text).toContain(from);
  expect(to.length).toBe(from.length);
  return Buffer.from(text.replace(from, to), 'latin1');
}

async function scanned(bytes: Uint8Array) {
  const { verdict, context } = await scanBytes(bytes, 'model.pkl', [pickleScanner]);
  return [verdict, ...context.ruleIds()];
}

describe('a model that a pickle passes to native code', () => {
  it.each([
    [
      'XGBoost',
      'xgboost/3.4.1/Booster-gbtree.p4.pkl',
      'left_children[$l#L\0\0\0\0\0\0\0\x07\0\0\0\x01',
      'left_children[$l#L\0\0\0\0\0\0\0\x07\0\0\x01\x01',
    ],
    ['LightGBM', 'lightgbm/4.7.0/Booster-gbdt.p4.pkl', 'max_feature_idx=3', 'max_feature_idx=0'],
    ['CatBoost', 'catboost/1.2.10/CatBoost.p4.pkl', 'CBM1', 'CBM2'],
    ['tokenizers', 'transformers/4.57.6/tokenizer-fast.pkl', '{"type":"BPE",', '{"type":"BPE"]'],
  ])('of %s is not clean when it is inconsistent', async (_, path, from, to) => {
    expect(await scanned(edited(path, from, to))).toEqual(['suspicious', 'pickle.native-state']);
  });

  it('is read as bytes from protocol 2 text', async () => {
    const path = 'xgboost/3.4.1/Booster-gbtree.p2.pkl';
    expect((await scanned(readFileSync(`${BENIGN}/${path}`)))[0]).toBe('clean');
    expect(await scanned(edited(path, 'num_nodes', 'num_n0des'))).not.toContain('clean');
  });

  it('is not judged when the members of its state are unknown', async () => {
    // The state is created before the class is named.
    const bytes = Buffer.from(
      "(dS'handle'\nI5\nscxgboost.core\nBooster\n)\x81(Nt1(cxgboost.core\nBooster\n)\x81",
      'latin1',
    );
    expect((await scanned(bytes))[0]).not.toBe('clean');
  });
});
