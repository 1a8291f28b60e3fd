import type { Figure, Measure, ModelTest, TestReport } from '../../../src/core/behavior/index.ts';

/** Pixels of an image in base64, each the byte that `of` gives. */
export function pixelsOf(height: number, width: number, channels: number, of: (at: number) => number): string {
  return Buffer.from(Array.from({ length: height * width * channels }, (_, at) => of(at) & 255)).toString('base64');
}

export const CURVE: Figure = {
  kind: 'curve',
  title: 'Robust accuracy under apgd',
  x: 'eps (linf)',
  y: 'rows that keep their true label',
  lines: [
    { name: 'this model', points: [0, 0.02, 0.04, 0.08, 0.16].map((x) => ({ x, y: 1 - 5 * x })) },
    { name: 'approved version', points: [0, 0.02, 0.04, 0.08, 0.16].map((x) => ({ x, y: 1 - 3 * x })) },
  ],
};

export const IMAGE: Figure = {
  kind: 'image',
  title: 'Recovered trigger for class 7',
  height: 8,
  width: 8,
  channels: 1,
  pixels: pixelsOf(8, 8, 1, (at) => (at % 8 > 5 && at > 40 ? 255 : 3 * at)),
};

export const COLOURED: Figure = {
  kind: 'image',
  title: 'Mean of class 2',
  height: 224,
  width: 224,
  channels: 3,
  pixels: pixelsOf(224, 224, 3, (at) => [at / 590, (at / 150_528) * 255, 255 - at / 590][at % 3] ?? 0),
};

export function measureOf(changes: Partial<Measure> = {}): Measure {
  return {
    name: 'accuracy',
    value: 0.9782244,
    interval: { low: 0.963, high: 0.987, level: 0.95 },
    min: 0.9,
    max: null,
    baseline: 0.98,
    drop: 0.01,
    rise: null,
    pass: true,
    ...changes,
  };
}

export function testOf(changes: Partial<ModelTest> = {}): ModelTest {
  return {
    id: 'accuracy',
    kind: 'accuracy',
    area: 'known-input',
    data: 'held-out',
    rows: 597,
    status: 'pass',
    detail: 'accuracy: 0.978224',
    measures: [measureOf()],
    figures: [],
    ...changes,
  };
}

/** A report with every kind of figure, and `text` wherever a model, its files or a suite can put one. */
export function testReport(text = 'digits', changes: Partial<TestReport> = {}): TestReport {
  const sha256 = 'a'.repeat(64);
  const model = { path: text, sha256, data: [{ path: text, sha256 }] };
  const figures = [CURVE, IMAGE, COLOURED].map((figure) => ({ ...figure, title: `${figure.title} ${text}` }));
  return {
    schemaVersion: '1',
    tool: { name: 'assay', version: '0.1.0' },
    model,
    artifact: { ref: text, pinned: text },
    suite: { path: text, name: 'digits', sha256, seed: 1 },
    data: [{ name: text, rows: 597, sha256: `sha256:${sha256}` }],
    baseline: model,
    device: {
      requested: 'auto',
      device: 'cpu',
      runtime: { name: 'onnxruntime-node', version: '1.30.0' },
      drivers: [text],
      share: 0.96,
      elsewhere: [{ node: text, op: text, provider: text }],
      elsewhereCount: 1,
      passedOver: [{ device: 'cuda', why: text }],
    },
    rowsAtOnce: 597,
    status: 'fail',
    tests: [
      testOf({ detail: text }),
      testOf({
        id: 'attack',
        kind: 'adversarial',
        area: 'adversarial',
        status: 'fail',
        detail: text,
        measures: [
          measureOf({ name: text, pass: false, value: 0.4 }),
          measureOf({
            name: 'steps',
            value: null,
            interval: null,
            min: null,
            max: 3,
            drop: null,
            rise: 0.2,
            pass: null,
          }),
        ],
        figures,
      }),
      testOf({ id: 'nothing', data: null, status: 'not-assessed', measures: [], detail: 'it needs a baseline' }),
    ],
    ...changes,
  };
}
