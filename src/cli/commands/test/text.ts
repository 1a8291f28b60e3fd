import type { DeviceReport, Measure, ModelTest, TestReport } from '../../../core/behavior/index.ts';
import { count, terminalText } from '../../../report/index.ts';

const WORDS: Readonly<Record<ModelTest['status'], string>> = {
  pass: 'pass',
  fail: 'FAIL',
  error: 'ERROR',
  'not-assessed': 'not assessed',
};
const WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length));

/** A test report, for people. */
export function testText(
  { model, suite, baseline, tests, device, status, data }: TestReport,
  verbose: boolean,
): string {
  const rows = data.map(({ name, rows: own }) => `${terminalText(name)} (${count(own, 'row')})`).join(', ');
  const lines = [
    `${terminalText(model.path)} · sha256:${model.sha256.slice(0, 12)} · suite ${terminalText(suite.name)} · ${rows}`,
    ...(baseline === null
      ? []
      : [`compared with ${terminalText(baseline.path)} · sha256:${baseline.sha256.slice(0, 12)}`]),
    device === null ? 'did not run' : `ran on ${deviceText(device)}`,
    '',
    ...tests.flatMap((test) => testLines(test, verbose)),
    '',
    summary(tests, status),
  ];
  return `${lines.join('\n')}\n`;
}

function deviceText({ device, runtime, drivers, share, elsewhere, elsewhereCount, passedOver }: DeviceReport): string {
  const driver = drivers.length === 0 ? '' : `, ${drivers.map(terminalText).join(', ')}`;
  const ops = [...new Set(elsewhere.map(({ op }) => terminalText(op)))].join(', ');
  const rest =
    elsewhereCount === 0
      ? ''
      : `; ${count(elsewhereCount, 'node')} elsewhere (${ops}), ${(100 * (1 - share)).toFixed(1)} % of the time`;
  const over = passedOver.map(({ device: other, why }) => `\n  not on ${other}: ${terminalText(why)}`).join('');
  return `${device} (${runtime.name} ${runtime.version}${driver})${rest}${over}`;
}

function testLines({ id, status, detail, measures }: ModelTest, verbose: boolean): string[] {
  const line = `  ${WORDS[status].padEnd(WIDTH)}  ${terminalText(id)}: ${terminalText(detail)}`;
  return verbose ? [line, ...measures.map((measure) => `  ${' '.repeat(WIDTH)}    ${measureText(measure)}`)] : [line];
}

function measureText({ name, value, interval, min, max, baseline }: Measure): string {
  const parts = [
    `${terminalText(name)}: ${numberText(value)}`,
    ...(interval === null
      ? []
      : [`${100 * interval.level} % interval ${numberText(interval.low)} to ${numberText(interval.high)}`]),
    ...(min === null ? [] : [`at least ${numberText(min)}`]),
    ...(max === null ? [] : [`at most ${numberText(max)}`]),
    ...(baseline === null ? [] : [`approved version ${numberText(baseline)}`]),
  ];
  return parts.join(' · ');
}

function numberText(value: number | null): string {
  return value === null ? 'not a finite number' : String(Number(value.toPrecision(4)));
}

function summary(tests: readonly ModelTest[], status: TestReport['status']): string {
  const of = (wanted: ModelTest['status']) => tests.filter((test) => test.status === wanted).length;
  const open = of('not-assessed');
  const counts = `${of('pass')} of ${count(tests.length, 'test')} passed, ${of('fail')} failed${open === 0 ? '' : `, ${open} not assessed`}`;
  return status === 'not-assessed' ? `${counts}: the suite does not show that the model behaves` : counts;
}
