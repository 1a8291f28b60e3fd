import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseSuite } from '../../../src/behavior/suite/document.ts';
import { TEST_KINDS } from '../../../src/behavior/tests/list.ts';
import { runCli } from '../../cli/run-cli.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/test.md', import.meta.url), 'utf8');

it('the suite of the documentation is one', async () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(DOCUMENT) ?? [];
  expect((await parseSuite(text, 'docs/test.md')).tests).toHaveLength(5);
});

it('the suite of the help is one, and documentation and help name every kind with its options', async () => {
  const { stdout } = await runCli(['test', '--help']);
  const [, text = ''] = /(\n {2}version: 1\n[\s\S]*?)\n\nKinds/.exec(stdout) ?? [];
  const suite = text.replace(/^ {2}/gm, '').replace(/ {4,}(which|\.npz).*$/gm, '');
  expect((await parseSuite(suite, 'help')).tests).toHaveLength(2);
  for (const { kind, options } of TEST_KINDS) {
    const row = DOCUMENT.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    expect(stdout).toMatch(new RegExp(`^ {2}${kind} +\\w`, 'm'));
    for (const name of Object.keys(options.properties)) expect(row, kind).toContain(`\`${name}\``);
  }
});
