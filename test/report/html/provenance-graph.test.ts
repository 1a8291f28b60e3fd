import { expect, it } from 'vitest';
import type { Check } from '../../../src/core/assessment/check.ts';
import type { TrainingInput } from '../../../src/core/lineage/training.ts';
import { renderHtml } from '../../../src/report/html/document.ts';
import { CONTEXT, judged } from '../sample.ts';

const inputs: readonly TrainingInput[] = [
  { role: 'data', name: '<b>train.csv', uri: null, digests: { sha256: 'd1'.repeat(32) } },
  { role: 'base', name: 'acme/base', uri: null, digests: { sha256: 'b1'.repeat(32) } },
];

function graphOf(status: Check['status']): string {
  const training = [{ name: 'run.json', signer: 'ci', run: null, at: null, model: [], inputs }];
  const checks = [{ id: 'data.provenance', status, detail: '' }];
  const html = renderHtml(judged({ checks, training }), { ...CONTEXT, coverage: true }, { now: new Date(0) });
  return html.slice(html.indexOf('<figure class="graph">'), html.indexOf('</figure>'));
}

it('the graph of a review shows attested training data, solid once it is verified', () => {
  for (const status of ['pass', 'not-assessed'] as const) {
    const graph = graphOf(status);
    expect(graph).toContain('Training data, attested');
    expect(graph).toContain('&lt;b&gt;train.csv');
    expect(graph).toContain('Base model, attested');
    expect(graph).not.toContain('<b>train');
  }
  expect(graphOf('pass')).not.toBe(graphOf('not-assessed'));
});
