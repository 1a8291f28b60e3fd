import type { ComparedOutput, ConversionVerification, OutputRole } from '../../../core/conversion/index.ts';
import { count } from '../../style.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { chip, code, table, told } from '../parts.ts';

const ROLES: Readonly<Record<OutputRole, string>> = {
  label: 'labels',
  probabilities: 'probabilities',
  decision: 'decision values',
  values: 'values',
  transformed: 'transformed values',
};

const KINDS: Readonly<Record<ConversionVerification['kind'], string>> = {
  'against source outputs': 'Compared with the outputs of the source',
  'self-consistency': 'Compared with itself, which does not show that it computes what its source computes',
  'tensor bytes': 'Every tensor compared with that of the source',
};

/** How a converted file was verified: a sentence, and a row with a plot for each output. */
export function verificationBlock(path: string, verification: ConversionVerification): Html {
  const { kind, of, pass, rows, runs, runtime, compared, problem } = verification;
  const noun = kind === 'tensor bytes' ? 'tensor' : 'row';
  const ran = runtime === null ? NOTHING : html`, run by ${told(`${runtime.name} ${runtime.version}`)}`;
  const graph = of === 'file' ? '' : '; what ran is the ONNX graph that it was translated from';
  const times = runs.length === 0 ? NOTHING : html` in ${told(runs.join(', in '))}`;
  const columns = [
    { label: 'Output' },
    { label: 'Answer' },
    { label: 'Compared' },
    { label: 'Largest difference' },
    { label: 'Tolerance' },
  ];
  return html`<p>${code(path)} ${chip(pass ? HOLDS : DIFFERS)} ${KINDS[kind]}: ${count(rows, noun)}${times}${ran}${graph}.${
    problem === null ? NOTHING : html` ${told(problem)}.`
  }</p>
${compared.length === 0 ? NOTHING : table({ caption: SCALE, columns, rows: compared.map(outputRow) })}`;
}

const HOLDS = { text: 'Holds', tone: 'good' } as const;
const DIFFERS = { text: 'Differs', tone: 'bad' } as const;

function outputRow(output: ComparedOutput) {
  const { role, compared, different, undecided, maxAbsolute, maxRelative, agreement, tolerance, problem } = output;
  const left =
    undecided === 0 ? '' : `, ${count(undecided, 'row')} left out, whose two best scores are as good as equal`;
  const largest =
    role === 'label'
      ? html`${agreement === null ? 'not compared' : `${share(agreement)} equal`}`
      : html`${maxAbsolute === null ? 'not a finite number' : figure(maxAbsolute)}${
          maxRelative === null || tolerance.relative === 0
            ? NOTHING
            : html` <span class="quiet">relative ${figure(maxRelative)}</span>`
        }`;
  return [
    html`${told(output.output)}${output.output === ROLES[role] ? NOTHING : html` <span class="quiet">${ROLES[role]}</span>`}`,
    html`${chip(output.pass ? HOLDS : DIFFERS)}${problem === null ? NOTHING : html` ${told(problem)}`}`,
    html`${compared}${different === 0 ? NOTHING : html`, ${different} differ`}${left}`,
    html`${largest}${plot(output)}`,
    role === 'label'
      ? `equal where the two best scores differ by more than ${figure(tolerance.absolute)}`
      : `${figure(tolerance.absolute)}${tolerance.relative === 0 ? '' : ` + ${figure(tolerance.relative)} of the value`}`,
  ];
}

/** The plot: powers of ten from left to right, in units of the drawing. */
const [LEAST, MOST] = [-12, 2];
const WIDTH = 140;
const SCALE =
  'The bar is the largest difference, from 1e-12 to 100 in powers of ten, and the line the tolerance without its share of the value; of labels, the bar is the share that is equal';

/** The difference against its tolerance; the numbers stand beside it. */
function plot({ role, maxAbsolute, tolerance, agreement, pass }: ComparedOutput): Html {
  const tone = pass ? 'holds' : 'differs';
  if (role === 'label')
    return agreement === null
      ? NOTHING
      : drawing(html`<rect class="${tone}" x="0" y="3" width="${agreement * WIDTH}" height="6"/>`);
  if (maxAbsolute === null) return NOTHING;
  const limit = placeOf(tolerance.absolute);
  return drawing(
    html`<rect class="${tone}" x="0" y="3" width="${placeOf(maxAbsolute)}" height="6"/>${
      tolerance.absolute === 0 ? NOTHING : html`<path class="limit" d="M${limit} 0V12"/>`
    }`,
  );
}

function drawing(content: Html): Html {
  return html`<svg viewBox="0 0 ${WIDTH} 12" class="difference" aria-hidden="true"><rect class="track" x="0" y="5" width="${WIDTH}" height="2"/>${content}</svg>`;
}

function placeOf(value: number): number {
  if (value <= 0) return 0;
  const power = Math.min(MOST, Math.max(LEAST, Math.log10(value)));
  return Math.round(((power - LEAST) / (MOST - LEAST)) * WIDTH * 10) / 10;
}

function figure(value: number): string {
  if (value === 0) return '0';
  return value.toExponential(1).replace('.0e', 'e');
}

function share(part: number): string {
  return part === 1 ? '100%' : `${(Math.floor(part * 10_000) / 100).toFixed(2)}%`;
}
