import { expect, it } from 'vitest';
import { findReferences } from '../../src/references/index.ts';
import { growth } from '../support/growth.ts';

/** Linear growth, with room for logarithmic terms. */
const LINEAR = 5;

const many = (line: string, count: number) => `${line}\n`.repeat(count);

it.each([
  ['calls of Python', 'x.py', (count: number) => `N = "a/b"\n${many('M.from_pretrained(N, revision=N)', count)}`],
  ['constants of Python', 'x.py', (count: number) => Array.from({ length: count }, (_, i) => `A${i} = "x"\n`).join('')],
  ['fields of JSON', 'x.json', (count: number) => `{${'"model": "a/b",'.repeat(count)} "revision": "x"}`],
  ['fields of YAML', 'x.yaml', (count: number) => many('model: a/b', count)],
  [
    'cells of a notebook',
    'x.ipynb',
    (count: number) => `{"cells":[${'{"cell_type":"code","source":["M.from_pretrained(x)"]},'.repeat(count)}]}`,
  ],
  ['lines that are not YAML', 'x.yaml', (count: number) => `a: [\n${many('model: a/b', count)}`],
  [
    'instructions of a Dockerfile',
    'Dockerfile',
    (count: number) => many('RUN hf download a/b \\\n  --revision c', count),
  ],
  ['commands of a script', 'x.sh', (count: number) => many('vllm serve a/b --revision c', count)],
])('the work to find four times as many %s is about four times as much', async (_, path, text) => {
  expect(await growth(400, (count) => findReferences(path, text(count)).length)).toBeLessThan(LINEAR);
});
