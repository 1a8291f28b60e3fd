import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Workflow } from '../../action/src/workflow.ts';
import { SEED } from '../support/seed.ts';
import { tempFolder } from '../support/temp.ts';
import { readAnnotations } from './run-action.ts';

const parts = fc.constantFrom(
  '::',
  ':',
  'error',
  ' ',
  '%',
  '%0A',
  '%25',
  '\n',
  '\r',
  '\u2028',
  '\u0085',
  '##[',
  ']',
  ',',
  'file=',
  '<<',
  'end',
  '\0',
  '\u202e',
  'a',
);
const text = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.array(parts, { maxLength: 30 }).map((all) => all.join('')),
);

/** What a runner parses from the output of the step. */
function written(act: (workflow: Workflow) => void): string {
  let all = '';
  act(
    new Workflow({}, (more) => {
      all += more;
    }),
  );
  return all;
}

describe('any text of a repository', () => {
  it('becomes one annotation on one line with the message', () => {
    fc.assert(
      fc.property(text, text, text, (file, title, message) => {
        const line = written((workflow) => workflow.annotate({ level: 'error', file, title, message, line: 3 }));
        expect(line.endsWith('\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(/[\n\r\u0085\u2028]/);
        const found = readAnnotations(line);
        expect(found).toHaveLength(1);
        expect(found[0]).toMatchObject({ level: 'error', line: '3' });
        if (/^[ -~]{1,80}$/.test(message) && !message.includes('##[')) expect(found[0]?.message).toBe(message);
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('becomes one log line, and no command', () => {
    fc.assert(
      fc.property(text, (message) => {
        const line = written((workflow) => workflow.log(message));
        expect(line.slice(0, -1)).not.toMatch(/[\n\r]/);
        expect(line.trimStart().startsWith('::')).toBe(false);
        expect(line).not.toContain('##[');
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('becomes one output, and adds no other', () => {
    const folder = join(tempFolder(), 'outputs');
    mkdirSync(folder);
    const path = join(folder, 'output');
    fc.assert(
      fc.property(text, (value) => {
        writeFileSync(path, '');
        new Workflow({ GITHUB_OUTPUT: path }, () => {}).output('digest', value);
        const [head = '', ...rest] = readFileSync(path, 'utf8').split('\n');
        const [, end = ''] = /^digest<<(end-[0-9a-f-]{36})$/.exec(head) ?? [];
        expect(rest).toHaveLength(3);
        expect(rest[1]).toBe(end);
        expect(rest[0]).not.toContain(end);
      }),
      { numRuns: 500, seed: SEED },
    );
  });

  it('cannot be written outside a runner', () => {
    expect(() => new Workflow({}, () => {}).output('digest', '')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
