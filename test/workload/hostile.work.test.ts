import { expect, it } from 'vitest';
import { extractReferences } from '../../src/workload/index.ts';
import { growth } from '../support/growth.ts';
import { kindOf, podOf } from './build.ts';

const ray = (serveConfigV2: string) => ({ ...kindOf('ray.io', 'RayService'), spec: { serveConfigV2 } });
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Each of a size; nesting that YAML refuses stays far below the stack limit. */
const HOSTILE: readonly (readonly [string, number, (size: number) => unknown])[] = [
  ['a long model', 50_000, (size) => podOf({ args: ['--model', 'a'.repeat(size)] })],
  ['shell quotes', 20_000, (size) => podOf({ command: ['sh', '-c', `"'`.repeat(size)] })],
  [
    'a configuration of nested brackets',
    20_000,
    (size) => podOf({ args: ['--speculative-config', '['.repeat(size)], image: 'vllm' }),
  ],
  ['variables without an end', 2_000, (size) => podOf({ args: times(size, () => '$('.repeat(10)) })],
  ['options', 2_000, (size) => podOf({ args: ['serve', ...times(size, () => '-x')], image: 'vllm' })],
  ['options for a Python module', 2_000, (size) => podOf({ args: times(size, () => '-m') })],
  ['parent folders', 20_000, (size) => podOf({ args: [`--model=${'../'.repeat(size)}`] })],
  ['question marks', 20_000, (size) => podOf({ args: [`--model=s3://${'?'.repeat(size)}`] })],
  [
    'variables that refer to variables',
    2_000,
    (size) => podOf({ env: times(size, (i) => ({ name: `A${i}`, value: `$(A${i - 1})$(A${i - 1})` })) }),
  ],
  [
    'a variable that doubles',
    200,
    (size) =>
      podOf({
        env: [{ name: 'A0', value: 'x' }, ...times(size, (i) => ({ name: `A${i + 1}`, value: `$(A${i})$(A${i})` }))],
        args: ['--model', `$(A${size - 1})`],
      }),
  ],
  [
    'volumes',
    2_000,
    (size) =>
      podOf(
        { volumeMounts: times(size, (i) => ({ name: 'v', mountPath: `/m${i}` })) },
        { volumes: times(size, () => ({ name: 'v', emptyDir: {} })) },
      ),
  ],
  [
    'containers',
    2_000,
    (size) => ({ spec: { containers: times(size, () => ({ name: 'c', command: ['vllm', 'serve', 'a/b'] })) } }),
  ],
  ['pods', 2_000, (size) => ({ spec: times(size, () => ({ containers: [{ name: 'c', args: ['--model', 'a/b'] }] })) })],
  ['a Ray configuration of nested brackets', 100, (size) => ray(`a: ${'['.repeat(size)}`)],
  ['a Ray configuration of lists', 100, (size) => ray('- '.repeat(size))],
  ['a Ray configuration with one key', 1_000, (size) => ray(`{${'a: 1, '.repeat(size)}}`)],
];

it.each(HOSTILE)('the work on an object grows no faster than its size: %s', async (_, size, make) => {
  const objects = new Map([size, 4 * size].map((one) => [one, make(one)]));
  const grown = await growth(size, (one) => extractReferences(objects.get(one)));
  expect(grown).toBeLessThan(5);
});
