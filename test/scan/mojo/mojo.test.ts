import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMojoTree } from '../../../src/formats/mojo/tree.ts';
import { buildZip } from '../../support/containers.ts';
import { fixtureFiles } from '../../support/scan-bytes.ts';
import { scanDeep } from '../../support/scan-deep.ts';

const MODELS = fixtureFiles('fixtures/mojo');
/** A tree of three leaves that H2O 3.46 wrote. */
const TREE = Buffer.from(
  '000000053bc83b3d10f80100040400000018' + '8f0dbd9f3aafbcf0000004' + '51b91b3fe492e23bf8f1aebb',
  'hex',
);
const INI = '[info]\nh2o_version = 3.46.0.5\nalgo = gbm\n\n[columns]\na\ny\n\n[domains]\n0: 3 d000.txt\n';

const mojo = (ini: string, tree: Uint8Array = TREE) =>
  buildZip([
    { name: 'trees/t00_000.bin', data: tree },
    { name: 'model.ini', data: ini },
    { name: 'domains/d000.txt', data: 'x\ny\nz\n' },
  ]);

describe('an H2O MOJO', () => {
  it.each([...MODELS.keys()])('of H2O is clean: %s', async (name) => {
    const found = await scanDeep(MODELS.get(name) ?? new Uint8Array(), name);
    expect([found.verdict, found.format], found.reasons.join('\n')).toEqual(['clean', 'h2o-mojo']);
  });

  it('with a tree alone is clean', async () => {
    expect((await scanDeep(mojo(INI), 'm.zip')).verdict).toBe('clean');
  });

  it.each(['../../etc/passwd', '/etc/passwd', 'C:\\x', '..\\x'])(
    'that takes categories from %s is malicious',
    async (path) => {
      const found = await scanDeep(mojo(INI.replace('d000.txt', path)), 'm.zip');
      expect([found.verdict, found.ruleIds]).toEqual(['malicious', ['mojo.outside-path']]);
    },
  );

  it('with a member that is written outside of its folder is malicious', async () => {
    const bytes = buildZip([
      { name: 'model.ini', data: INI },
      { name: '../../x', data: 'x' },
    ]);
    expect((await scanDeep(bytes, 'm.zip')).verdict).toBe('malicious');
  });

  it('with a pickle in the place of a tree is malicious', async () => {
    const pickle = Buffer.from('\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.', 'latin1');
    expect((await scanDeep(mojo(INI, pickle), 'm.zip')).verdict).toBe('malicious');
  });

  it.each([
    ['is cut off', TREE.subarray(0, 30)],
    ['is longer than its nodes', Buffer.concat([TREE, Buffer.from([0])])],
    [
      'has a left side that is longer than the tree',
      Buffer.concat([Buffer.from([0x40, 0, 0, 4, 0, 0, 0, 0, 200]), TREE.subarray(9)]),
    ],
    [
      'has a set of categories that is longer than the tree',
      Buffer.from('0c000004' + '0000' + 'ffffffff' + '00000000', 'hex'),
    ],
  ])('with a tree that %s is not clean', async (_, tree) => {
    expect(isMojoTree(tree)).toBe(false);
    expect((await scanDeep(mojo(INI, tree), 'm.zip')).verdict).not.toBe('clean');
  });

  it('answers for a tree of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(TREE.length - 1), fc.nat(255), (bytes, at, byte) => {
        const changed = Uint8Array.from(TREE);
        changed[at] = byte;
        expect(typeof isMojoTree(bytes)).toBe('boolean');
        expect(typeof isMojoTree(changed)).toBe('boolean');
      }),
      { numRuns: 2_000 },
    );
  });
});
