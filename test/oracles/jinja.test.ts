import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { judgeTemplate } from '../../src/scan/text/template.ts';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findInterpreter, type Interpreter, jailed } from './jail.ts';
import { jinjaProgram } from './jinja-programs.ts';

/** Templates that are rendered; `ASSAY_TEMPLATES` sets their number. */
const COUNT = Number(process.env.ASSAY_TEMPLATES ?? (process.env.ASSAY_TEST_FULL === 'true' ? 30_000 : 1_500));
const HOW =
  'apt-get install bubblewrap; python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';

interface Rendering {
  readonly end: string;
  readonly sandbox: string;
  /** What the template reached that no chat template needs. */
  readonly reached: readonly string[];
}

function render(interpreter: Interpreter, templates: readonly string[]): Rendering[] {
  const { program, args } = jailed(interpreter, 'jinja_worker.py');
  const input = `${templates.map((text) => JSON.stringify(text)).join('\n')}\n`;
  const run = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  const lines = run.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length !== templates.length) throw new Error(`${lines.length} were rendered: ${run.status} ${run.stderr}`);
  return lines.map((line) => JSON.parse(line) as Rendering);
}

function isPlain(text: string): boolean {
  const { malicious, suspicious, unproved } = judgeTemplate(text);
  return malicious.length + suspicious.length + unproved.length === 0;
}

const python = findInterpreter('jinja2');
requirePart('jail, with Jinja2', canJail() && python !== undefined, HOW, 'templates in Jinja2', () => {
  const interpreter = python ?? { program: '' };

  it('are seen to reach objects, without and with its sandbox', () => {
    const hostile = [
      '{{ x.__class__ }}',
      "{{ x['__cla' ~ 'ss__'] }}",
      "{{ x|attr('__class__') }}",
      "{{ messages|map(attribute='__class__')|list }}",
      '{{ range(9)|batch(1)|list ~ lipsum.__globals__ }}',
      '{% for i in range(999999999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
      "{{ lipsum.__globals__['os'].popen('true').read() }}",
    ];
    for (const [i, { reached }] of render(interpreter, hostile).entries()) expect(reached, hostile[i]).not.toEqual([]);
    expect(hostile.filter(isPlain)).toEqual([]);
  });

  it('that are plain reach nothing', () => {
    const random = new SeededRandom(SEED);
    const templates = Array.from({ length: COUNT }, () => jinjaProgram(random));
    const plain = templates.filter(isPlain);
    const rendered = render(interpreter, plain);
    const bad = plain.flatMap((text, i) => {
      const reached = rendered[i]?.reached ?? [];
      return reached.length === 0 ? [] : [`${text}: ${reached.join()}`];
    });
    expect(bad.slice(0, 10)).toEqual([]);
    const whole = rendered.filter(({ end }) => end.startsWith('rendered')).length;
    process.stderr.write(`templates: ${plain.length} of ${COUNT} are plain, ${whole} render\n`);
    expect(whole).toBeGreaterThan(COUNT / 100);
  });
});
