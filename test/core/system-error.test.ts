import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { codeOrText, fileCode, isFileMissing, systemCode } from '../../src/core/index.ts';

function caught(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('the code of a failed system call is recognized', () => {
  const missing = caught(() => readFileSync('/no/such/file'));
  expect([systemCode(missing), fileCode(missing), isFileMissing(missing)]).toEqual(['ENOENT', 'ENOENT', true]);
  const within = caught(() => readFileSync(`${process.execPath}/file`));
  expect([systemCode(within), isFileMissing(within)]).toEqual(['ENOTDIR', true]);
  const folder = caught(() => readFileSync('/'));
  expect([fileCode(folder), isFileMissing(folder), codeOrText(folder)]).toEqual(['EISDIR', false, 'EISDIR']);
});

it('no other value has a system code', () => {
  for (const error of [
    undefined,
    null,
    'ENOENT',
    { code: 'ENOENT' },
    new Error('ENOENT'),
    Object.assign(new Error(''), { code: 2 }),
    Object.assign(new Error(''), { code: undefined }),
  ]) {
    expect(systemCode(error)).toBeUndefined();
    expect(fileCode(error)).toBeUndefined();
    expect(isFileMissing(error)).toBe(false);
    expect(codeOrText(error)).toBe(String(error));
  }
});

it('an error without a system call has no file code', () => {
  const error = Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_VALUE' });
  expect([systemCode(error), fileCode(error)]).toEqual(['ERR_INVALID_ARG_VALUE', undefined]);
});
