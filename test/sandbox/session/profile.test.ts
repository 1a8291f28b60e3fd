import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { MAX_PROFILE, profiledNodes, readProfile } from '../../../src/sandbox/session/profile.ts';
import { tempFolder } from '../../support/temp.ts';

const kernel = (name: string, dur: unknown, provider: unknown = 'CPUExecutionProvider') => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  dur,
  args: { provider, op_name: 'Conv' },
});
const RUN = { cat: 'Session', name: 'model_run', dur: 100 };

it('takes the nodes of the last run', () => {
  const nodes = profiledNodes(
    JSON.stringify([kernel('a', 900), RUN, { cat: 'Api', name: 'x' }, kernel('a', 7), kernel('b', 3), RUN]),
  );
  expect(nodes).toEqual([
    { node: 'a', op: 'Conv', provider: 'CPUExecutionProvider', microseconds: 7 },
    { node: 'b', op: 'Conv', provider: 'CPUExecutionProvider', microseconds: 3 },
  ]);
});

it.each([
  ['without a time', kernel('a', undefined)],
  ['of a negative time', kernel('a', -1)],
  ['without a provider', kernel('a', 1, null)],
  ['of something else', { ...kernel('a', 1), cat: 'Session' }],
  ['that are not objects', 7],
])('passes over events %s', (_, event) => {
  expect(profiledNodes(JSON.stringify([event, RUN]))).toEqual([]);
});

describe('refuses', () => {
  it.each([
    ['no file', () => {}, 'no profile'],
    [
      'two files',
      (folder: string) =>
        ['profile_1', 'profile_2'].forEach((name) => {
          writeFileSync(join(folder, name), '[]');
        }),
      'no profile',
    ],
    ['a folder', (folder: string) => mkdirSync(join(folder, 'profile_1')), 'not a file'],
    ['a link', (folder: string) => symlinkSync('/etc/hostname', join(folder, 'profile_1')), 'ELOOP'],
    [
      'more bytes than a profile has',
      (folder: string) => writeFileSync(join(folder, 'profile_1'), Buffer.alloc(MAX_PROFILE)),
      'too large',
    ],
    ['what is not JSON', (folder: string) => writeFileSync(join(folder, 'profile_1'), '['), 'not JSON'],
    ['an object', (folder: string) => writeFileSync(join(folder, 'profile_1'), '{}'), 'not a list'],
  ])('%s', async (name, make, message) => {
    const folder = join(tempFolder(), name.replaceAll(' ', '-'));
    mkdirSync(folder);
    make(folder);
    await expect(readProfile(folder)).rejects.toThrow(message);
  });
});

it('of any text is a list of nodes, or a fault that is named', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        expect(Array.isArray(profiledNodes(text))).toBe(true);
      } catch (error) {
        expect(isAssayError(error) && error.code).toBe('unsupported');
      }
    }),
  );
});
