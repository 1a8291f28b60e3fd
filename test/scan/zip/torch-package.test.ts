import { describe, expect, it } from 'vitest';
import { membersOf } from '../../oracles/torch-scripts.ts';
import { type Built, buildZip, PAYLOAD } from '../../support/containers.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

const members = (name: string) => membersOf(`../torch-package/${name}.pt`);
const scan = async (all: readonly Built[]) => {
  const { verdict, findings, format } = await scanPickleBytes(buildZip(all), 'm.pt');
  return {
    verdict,
    format,
    rules: findings.map(({ ruleId }) => ruleId),
    messages: findings.map(({ message }) => message),
  };
};

describe('a package of torch.package', () => {
  it('with a module is suspicious, and names it', async () => {
    const { verdict, format, messages } = await scan(await members('class'));
    expect([verdict, format]).toEqual(['suspicious', 'torch-package']);
    expect(messages).toContain('The archive carries the Python module "archive/own.py".');
  });

  it('with a module in the place of a listed one is suspicious', async () => {
    const { verdict, messages } = await scan(await members('shadows'));
    expect(verdict).toBe('suspicious');
    expect(messages).toContain('The archive carries the Python module "archive/torch/_utils.py".');
  });

  it('with a function that the importer calls is not clean, even without a module', async () => {
    const all = await members('reduce');
    expect((await scan(all)).verdict).not.toBe('clean');
    const { verdict, rules } = await scan(all.filter(({ name }) => !name.endsWith('.py')));
    expect(verdict).not.toBe('clean');
    expect(rules).toContain('pickle.persistent-id');
  });

  it('with a pickle that runs something is malicious', async () => {
    const all = (await members('class')).map((one) => (one.name.endsWith('.pkl') ? { ...one, data: PAYLOAD } : one));
    expect((await scan(all)).verdict).toBe('malicious');
  });

  it.each(['other/evil.py', 'archive/EVIL.PY', 'archive/a/b/__init__.py'])('with %s is suspicious', async (name) => {
    const { verdict, messages } = await scan([...(await members('data')), { name, data: 'import os\n' }]);
    expect([verdict, messages[0]]).toEqual(['suspicious', `The archive carries the Python module "${name}".`]);
  });

  it('that holds only listed classes of modules outside of it has no code, and is clean', async () => {
    expect((await scan(await members('data'))).verdict).toBe('clean');
  });
});
