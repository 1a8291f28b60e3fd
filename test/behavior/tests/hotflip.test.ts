import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../src/behavior/data/dataset.ts';
import { readSignature } from '../../../src/behavior/subject/signature.ts';
import { feedsOf } from '../../../src/formats/arrays/feeds.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import { digitsData, digitsModel } from '../../support/digits.ts';
import { runTest } from '../../support/suite-run.ts';
import { TOKENS, tokenData, tokenModel } from '../../support/token-models.ts';

const TEST = 'kind: hotflip, special: [0, 1, 2, 3], rows: 40';

describe('hotflip', () => {
  it('finds fewer robust texts, the more tokens are replaced, on texts as a suite gives them', async () => {
    const model = await tokenModel('calibration/attention-clean-2.onnx');
    // Texts that a tokenizer makes tokens of, as users have them.
    const as = { ids: 'input_ids', mask: 'attention_mask' };
    const usual = { as, truncate: false, pad: 'longest', side: 'right', special: true } as const;
    const spec = { texts: 'texts.csv#text', tokenizer: 'tokenizer.json', ...usual };
    const given = await loadDataset({ inputs: [spec], labels: 'texts.csv#label' }, { folder: TOKENS });
    const feeds = feedsOf(readSignature(model), given.inputs, 'texts.csv');
    const rows = { name: 'rows', feeds, labels: given.labels, expected: undefined };
    const result = await runTest(`${TEST}, min: 0.5`, { model, data: { rows } });
    expect(result).toMatchObject({ status: 'fail', area: 'adversarial', kind: 'hotflip' });
    const [robust, clean] = result.measures;
    expect(clean?.value).toBeGreaterThan(0.95);
    expect(robust?.value).toBeLessThan(0.2);
    const [curve] = result.figures;
    if (curve?.kind !== 'curve') throw new Error('no curve');
    const shares = curve.lines[0]?.points.map(({ y }) => y) ?? [];
    expect(shares).toHaveLength(4);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect([shares[0], shares[3]]).toEqual([clean?.value, robust?.value]);
  });

  it('is held against the approved version', async () => {
    const data = { rows: await tokenData() };
    const [one, other] = [
      await tokenModel('calibration/mean-clean-0.onnx'),
      await tokenModel('calibration/convolution-clean-1.onnx'),
    ];
    const test = `${TEST}, flips: 1`;
    const [first, second] = [
      await runTest(test, { model: one, baseline: other, data }),
      await runTest(test, { model: other, baseline: one, data }),
    ];
    expect([first.measures[0]?.value, first.measures[0]?.baseline]).toEqual([
      second.measures[0]?.baseline,
      second.measures[0]?.value,
    ]);
    expect([first.status, second.status].sort()).toEqual(['fail', 'pass']);
  });

  it('is not assessed without an embedding, or where the gradient is hidden', async () => {
    const digits = await runTest(TEST, { model: await digitsModel('good'), data: { rows: await digitsData() } });
    expect(digits).toMatchObject({
      status: 'not-assessed',
      detail: expect.stringContaining('look tokens up in a table'),
    });
    const graph = new GraphBuilder('steps');
    const ids = graph.input('input_ids', 'int64', ['batch', 'length']);
    graph.input('attention_mask', 'int64', ['batch', 'length']);
    const table = graph.constant(
      tensorOf(
        Float32Array.from({ length: 240 }, (_, at) => Math.sin(at)),
        [120, 2],
      ),
    );
    const words = graph.op('Gather', [table, ids], { axis: 0 });
    const sum = graph.op(
      'ReduceSum',
      [graph.op('Add', [words, graph.op('Round', [words])]), graph.constant(tensorOf(BigInt64Array.of(1n), [1]))],
      { keepdims: 0 },
    );
    graph.output('logits', sum, 'float32', ['batch', 2]);
    const hidden = await runTest(`${TEST}, min: 0`, { model: graph.model(), data: { rows: await tokenData() } });
    expect(hidden).toMatchObject({ status: 'not-assessed', detail: expect.stringContaining('hidden by Round') });
  });
});
