import { beforeAll, expect, it } from 'vitest';
import { decideReview, readReview, reviewResponse, type WebhookState } from '../../../admission-webhook/src/index.ts';
import { work } from '../../support/work.ts';
import { kindOf, podOf } from '../../workload/build.ts';
import { approved, COMMIT, gateOf, heldSnapshot, NOW, reviewOf } from './support.ts';

let state: WebhookState;
beforeAll(async () => {
  state = gateOf(await heldSnapshot([approved(`hf://acme/good@${COMMIT}`)]));
});

/** The work on an update of an object, from the received bytes to the response bytes. */
function cost(object: object): Promise<number> {
  const body = reviewOf(object, { operation: 'UPDATE', oldObject: { ...object, metadata: { name: 'x' } } });
  return work(() => {
    const read = readReview(body);
    if (read.kind !== 'request') throw new Error('it is a review');
    return JSON.stringify(reviewResponse(decideReview(read.request, state, NOW), read.request.uid));
  });
}

const list = (length: number, of: (at: number) => unknown) => Array.from({ length }, (_, at) => of(at));
const container = (at: number) => ({
  name: `c${at}`,
  image: 'vllm',
  args: ['--model', `acme/m${at}`, '--config', 'x'],
});

const SHAPES: readonly [name: string, size: number, of: (size: number) => object][] = [
  ['containers', 150, (size) => ({ ...kindOf('', 'Pod'), spec: { containers: list(size, container) } })],
  ['arguments', 1_000, (size) => Object(podOf({ args: list(size, (at) => `hf://acme/m${at}`) }))],
  [
    'openings',
    10_000,
    (size) => Object(podOf({ image: 'vllm', args: ['--model', `s3://bucket/${'$('.repeat(size)}`] })),
  ],
  ['addresses', 1_000, (size) => ({ ...kindOf('acme.io', 'Thing'), spec: list(size, (at) => `hf://acme/m${at}`) })],
  [
    'lists in lists',
    200,
    (size) => ({
      ...kindOf('acme.io', 'Thing'),
      spec: JSON.parse(`${'['.repeat(size)}"hf://a/b"${']'.repeat(size)}`),
    }),
  ],
];

it.each(SHAPES)('the work on four times as many %s is at most about four times as much', async (_name, size, of) => {
  await cost(of(10));
  const [once, four] = [await cost(of(size)), await cost(of(4 * size))];
  expect(four / once).toBeLessThan(4.5);
});
