import { expect, test } from 'vitest';
import { count } from '../../src/report/style.ts';

test.each([0, 1, 12, 123, 1234, 12_345, 123_456, 1_234_567, 12_345_678])('%d is formatted as in English', (n) => {
  expect(count(n, 'file')).toBe(`${n.toLocaleString('en-US')} file${n === 1 ? '' : 's'}`);
});
