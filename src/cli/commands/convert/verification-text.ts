import type { ComparedOutput, ConversionVerification } from '../../../core/conversion/index.ts';
import { count, terminalText } from '../../../report/index.ts';

/** What a verification compared, for people. */
export function verificationLines({
  kind,
  of,
  rows,
  runs,
  compared,
  runtime,
  inputs,
}: ConversionVerification): string[] {
  const graph = of === 'file' ? '' : ', of the ONNX graph that it was translated from';
  switch (kind) {
    case 'tensor bytes':
      return [`     verified: ${count(rows, 'tensor')} read again, and equal to the source's`];
    case 'against source outputs':
      return [
        `     verified against the outputs of the source: ${count(rows, 'row')}, ${runtimeText(runtime)}${graph}`,
        ...compared.map((output) => `       ${outputText(output)}`),
        ...(inputs?.from === 'sandbox' ? ['       the outputs are what its own code computed in the sandbox'] : []),
      ];
    case 'self-consistency': {
      const drawn = inputs?.from === 'seed' ? 'drawn ' : '';
      return [
        `     self-consistent: ${rows} ${drawn}${rows === 1 ? 'row' : 'rows'} give the same in ${runs.join(', in ')} (${runtimeText(runtime)}${graph})`,
        ...compared.map((output) => `       ${outputText(output)}`),
        '       this does not show that it computes what the source computes: give --verify inputs.npz,outputs.npz',
      ];
    }
  }
}

function runtimeText(runtime: ConversionVerification['runtime']): string {
  return runtime === null ? 'nothing ran' : `${runtime.name} ${runtime.version}`;
}

function outputText({
  output,
  role,
  compared,
  undecided,
  different,
  maxAbsolute,
  maxRelative,
}: ComparedOutput): string {
  const name = terminalText(output);
  if (role === 'label') {
    const left =
      undecided === 0 ? '' : `; ${count(undecided, 'row')} left out, whose two best scores are as good as equal`;
    return `${name}: ${compared - different} of ${count(compared, 'label')} equal${left}`;
  }
  const largest =
    maxAbsolute === null ? '' : `, differences up to ${figure(maxAbsolute)} (relative ${figure(maxRelative ?? 0)})`;
  return `${name}: ${count(compared, 'value')}${largest}`;
}

function figure(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}
