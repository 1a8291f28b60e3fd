import { describe, expect, it } from 'vitest';
import { type ExceptionTemplate, fillTemplate, templateLike } from '../../../admission-webhook/src/exceptions/index.ts';

const nothing = { args: null, env: [], envFrom: [], mounts: [], workingDir: null, hooks: [] };
const template: ExceptionTemplate = {
  id: 't',
  release: '1',
  accepts: 'nothing',
  told: [
    { ...nothing, command: ['prepare'] },
    { ...nothing, command: ['run', '{=code} {number}'] },
    { ...nothing, command: ['start', '{=program}', '--', '{=args}'] },
  ],
};
const commands = (values: Parameters<typeof fillTemplate>[1]) => {
  const filled = fillTemplate(template, values);
  return 'told' in filled ? filled.told.map(({ command }) => command) : filled;
};

describe('a template', () => {
  it('leaves out the containers whose parameters are not given', () => {
    expect(commands({ code: 'x' })).toEqual([['prepare'], ['run', 'x {number}']]);
  });

  it('puts the words of a list in place of one word, each for itself', () => {
    const args = ['-a', '{number}', ''];
    expect(commands({ program: 'make', args })).toEqual([['prepare'], ['start', 'make', '--', '-a', '{{number}', '']]);
    expect(commands({ program: 'make', args: [] })).toEqual([['prepare'], ['start', 'make', '--']]);
  });

  it.each<[string, Parameters<typeof fillTemplate>[1], object]>([
    ['no parameter', {}, { missing: 'code' }],
    ['half of the parameters', { program: 'make' }, { missing: 'code' }],
    ['one that is the name of a property', { constructor: 'x' }, { missing: 'code' }],
    ['one that no container has', { code: 'x', cdoe: 'y' }, { unused: 'cdoe' }],
    ['one of a container that is left out', { code: 'x', program: 'make' }, { unused: 'program' }],
  ])('is not filled with %s', (_, values, problem) => {
    expect(commands(values)).toEqual(problem);
  });
});

describe('the template of a container', () => {
  const step = ['-wait_file', '/tekton/run/0/out', '-post_file', '/tekton/run/1/out', '-termination_path'];
  const more = ['/tekton/termination', '-step_metadata_dir', '/tekton/run/1/status', '-entrypoint'];
  it.each<[string, unknown, string | undefined]>([
    ['a step', { command: ['/tekton/bin/entrypoint'], args: [...step, ...more, 'make', '--', 'a', 'b'] }, 'tekton'],
    [
      'a step that is told nothing',
      { command: ['/tekton/bin/entrypoint'], args: [...step, ...more, 'make', '--'] },
      'tekton',
    ],
    ['another program', { command: ['/bin/entrypoint'], args: [...step, ...more, 'make', '--'] }, undefined],
    ['a worker of Ray', { command: ['sh', '-c', 'bash x.sh worker'] }, undefined],
    ['words that are not texts', { command: [1, { a: 2 }], args: 'x' }, undefined],
    ['no container', null, undefined],
  ])('is found for %s', (_, container, id) => {
    expect(templateLike(container)).toBe(id);
  });
});
