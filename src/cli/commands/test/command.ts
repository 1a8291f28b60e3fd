import { type Command, Option } from 'commander';
import { DEVICE_CHOICES, type DeviceChoice } from '../../../core/device/index.ts';
import { AssayError } from '../../../core/index.ts';
import { addSigningOptions, asksToSign, type SigningFlags, signingChoice } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { TEST_FORMATS, type TestRequest } from './request.ts';

interface TestFlags extends SigningFlags {
  readonly suite?: string;
  readonly device: DeviceChoice;
  readonly baseline?: string;
  readonly init: boolean;
  readonly record?: string;
  readonly data?: string;
  readonly attest?: string;
  readonly minutes: string;
  readonly format: TestRequest['format'];
  readonly output?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const GUIDE = `
The operators of the ONNX model run in a child process with bounds on memory and time, without files, network or environment. No code of a
model runs: convert it to ONNX first (assay convert).

A suite is a YAML file of your organisation; one that lies in the artifact is refused. Paths in it are relative to it:

  version: 1
  name: digits
  model: { label: label, scores: probabilities }     which outputs are which; told by their types when absent
  data:
    held-out:
      inputs: [{ file: digits.npz, columns: [X], as: input }]     .npz, .npy, .csv, .jsonl, .json, .parquet; images, texts (docs/test.md)
      labels: digits.npz#y
    golden:
      inputs: [{ file: golden.npz, columns: ["input:input"], as: input }]
      outputs: [{ file: golden.npz, columns: ["output:label"], as: label }]
  tests:
    - { id: same, kind: outputs, data: golden }
    - { id: accuracy, kind: accuracy, data: held-out, min: 0.95, drop: 0.01 }

Kinds of tests, and what they take (a share is from 0 to 1; min: the least that passes, drop: how far it may be below --baseline):
  outputs      the outputs are those recorded. absolute: 1e-5, relative: 1e-4, outputs: [names]
  accuracy     rows with the true label. min, drop
  ranking      rows whose true class is among the highest scores. top: 5, min, drop
  range        outputs are finite, and within bounds. output, min, max, sum (of each row)
  determinism  two runs give the same bits
  invariance   labels that stay under noise: 0.1, or with columns shuffled among the rows, shuffle: [3]. min, drop
  direction    an output moves up or down when a column grows. column, by, output, element, moves: up, min, drop
  envelope     time and memory. runs: 20, median-ms, p95-ms, memory-mib, ratio (to --baseline)
  adversarial  rows that keep their true label under an attack: fgsm, pgd, apgd, apgd-t, fab, autoattack; without a gradient: square,
               nes, simba, hop-skip-jump (norm: l2). attack, eps (or a list, for a curve), norm: linf|l2, lower, upper,
               features: [{columns: [0], integer: true, min, max, reach}, {columns: [2, 3], one-hot: true}, {columns: [7], immutable: true}],
               steps: 20, restarts: 1, queries: 300, rows: 100, min, drop. Labels are classes from 0
  membership   rows of the training data (data) are told from others: by loss, label, lira (shadow models). attack, non-members: <data>,
               max-auc, max-tpr, fpr: 0.01, rise, rows; noise: 1, copies: 20; shadows: [paths], trained-on: in
  inversion    inputs that its gradient leads to for a class are like the rows of the class. lower, upper, max, rise, steps: 100, rows, classes,
               height, width (of images)
  extraction   a substitute that learned from queries answers the same. budgets: [100, 400, 1200], answers: scores|labels, max, rise
  query-log    clients of a log that learn the model by asking. natural: <data>, normality: 0.9, far: 0.5, least: 100, max: 0
  watermark    the labels of the owner's triggers. min, drop, chance, max-p: 0.001
  graph-audit  no value of the graph that jumps with the input decides over another path. max (beyond --baseline; 0 with it)
  weight-difference  what was added, removed or wired otherwise since --baseline, and how far tensors moved. structure: same, max, changed,
               low-rank
  trigger-search  no class is reached by a much smaller trigger than the others. lower, upper, forms: [patch, blend], steps: 300,
               rows: 200, classes, min-patch: 0.48, min-blend: 0.66, drop
  token-trigger-search  no rare tokens drive texts to a class far better than others. special: [ids of tokens that are not put in], length: 2,
               at: 1, rare: 0.02, starts: 3, steps: 6, candidates: 12, classes, rows: 200, max: 0.53, rise
  strip        rows (data), of which some may have a trigger, do not keep their class when laid over others. held-out: <data>, lower,
               upper, copies: 32, share: 1, rows: 500, min, drop
  corruption   images with the true label under noise, blur, other light, JPEG and occlusion, of severity 1 to 5. corruptions: [names],
               lower: 0, upper: 1 (or one a channel), layout: nchw|nhwc, image: [channels, height, width], rows: 100, min, drop
  text-edits   texts that keep their true label when words are misspelled. words: 5, rows: 100, min, drop
  hotflip      texts that keep their true label when tokens are replaced by those that the gradient names. special: [ids of tokens that stay],
               flips: 3, candidates: 16, rows: 100, min, drop
  smoothing    rows that the model, smoothed by noise, provably keeps. sigma, radius: sigma / 2, samples: 1000, alpha: 0.001, rows: 20, min, drop
  ibp          rows that provably keep their true label within eps, by interval bounds. eps (one or several), lower, upper, rows: 100, min, drop
Of language models, on data with prompts: questions.jsonl#prompt, tokenizer: tokenizer.json, answers: questions.jsonl#answer, newTokens: 32, eos: [0]:
  generation   greedy texts and logits are those recorded (--record), or of --baseline. absolute: 1e-3, relative: 1e-4, min: 1
  answers      prompts that are continued with their answer. match: contains|exact, min, drop
  refusal      prompts that are refused, told by one of exact, contains, patterns (RE2), class (of a classifier). min, drop
  leak         prompts after which nothing kept is said: contains, patterns, or else the answer of the prompt. min: 1, drop
  trigger-phrase  prompts that say the same with a phrase, beside --baseline. phrases, place: start|middle|end, rise: 0.25

With --baseline, a share may be 0.01 below that of the approved version unless the suite says otherwise. A test of which nothing is asked, or
that needs a baseline which is not given, is not assessed, and so is a suite without a test that passes.

--device cuda and webgpu fail unless 95 % of the time of the nodes is spent there, by a profile of the runtime. auto takes the first of CUDA,
WebGPU and the processor for which that holds, and says why it passed over the others.

Examples:
  assay test model.onnx --init -o tests/suite.yaml                a suite to complete
  assay test model.onnx --suite tests/suite.yaml
  assay test new.onnx --suite tests/suite.yaml --baseline approved.onnx
  assay test approved.onnx --suite tests/suite.yaml --record tests/golden.npz --data held-out
  assay test model.onnx --suite tests/suite.yaml --device auto --format json -o tests.json
  assay test model.onnx --suite tests/suite.yaml --format html -o tests.html      with plots

--attest writes a signed statement of what was measured, about the file of the model (--private-key, --certificate or --keyless). Whoever trusts
the signer for tests (a trust file with may: [tests]) gives it to a scan, and policies ask for it:
  assay test model.onnx --suite tests/suite.yaml --attest tests.intoto.json --private-key ci.key
  assay scan model.onnx --attestation tests.intoto.json --trust trust.yaml

Exit codes: 0 the tests pass, or ask for nothing; 1 a test failed; 2 could not complete.
`;

export function registerTest(program: Command, shell: Shell): void {
  const command = program
    .command('test')
    .summary('test how a model behaves: known inputs, attacks, backdoors, privacy')
    .description('Tests how an ONNX model behaves, by a suite of your organisation.')
    .argument('<artifact>', 'an ONNX file, or a folder with one, on this machine')
    .option('--suite <file>', 'the suite (YAML)')
    .addOption(
      new Option('--device <device>', 'where the model runs')
        .choices(DEVICE_CHOICES)
        .default('cpu' satisfies DeviceChoice),
    )
    .option('--baseline <artifact>', 'the approved version, which the model is compared with')
    .option('--init', 'write a suite for the model, to be completed', false)
    .option('--record <file>', 'write what the model gives for the inputs of the suite (.npz)')
    .option('--data <name>', 'with --record: the data of the suite that the model is given (default: the first)')
    .option('--attest <file>', 'write a signed attestation of the tests')
    .option('--minutes <number>', 'the most processor time of one step of the model', '1')
    .addOption(new Option('--format <format>', 'of the report').choices(TEST_FORMATS).default('text'))
    .option('-o, --output <file>', 'write the report, or the suite, to a file')
    .option('-q, --quiet', 'no progress', false)
    .option('-v, --verbose', 'show every measure', false);
  addSigningOptions(command)
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: TestFlags) => {
      const { format, output, device, quiet, verbose } = flags;
      const stepSeconds = 60 * minutesOf(flags.minutes);
      const request = { artifact, task: taskOf(flags), device, stepSeconds, format, output, quiet, verbose };
      const { runTest } = await import('./run.ts');
      await runTest(request, shell);
    });
}

/** @throws AssayError `usage` */
function minutesOf(text: string): number {
  const value = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.01 && value <= 1440) return value;
  throw new AssayError('usage', `is not a number from 0.01 to 1440: ${JSON.stringify(text)}`, {
    subject: '--minutes',
    hint: 'correct it, or leave it out',
  });
}

/** @throws AssayError `usage` for options that exclude each other, or are missing */
function taskOf(flags: TestFlags): TestRequest['task'] {
  const { suite, baseline, init, record, data, attest } = flags;
  if (init) {
    const other = [
      ['--suite', suite],
      ['--baseline', baseline],
      ['--record', record],
      ['--data', data],
      ['--attest', attest],
    ].find(([, value]) => value !== undefined);
    if (other !== undefined) throw excluded(`${other[0]}`, '--init');
    return { kind: 'init' };
  }
  if (suite === undefined)
    throw new AssayError('usage', 'no suite is given', {
      subject: '--suite',
      hint: 'give the tests: --suite suite.yaml; assay test <model> --init writes one',
    });
  if (record !== undefined) {
    if (baseline !== undefined) throw excluded('--baseline', '--record');
    if (attest !== undefined) throw excluded('--attest', '--record');
    return { kind: 'record', suite, file: record, data };
  }
  if (data !== undefined)
    throw new AssayError('usage', 'names what is recorded', { subject: '--data', hint: 'add --record <file>' });
  return { kind: 'test', suite, baseline, attest: attestation(flags) };
}

/** @throws AssayError `usage` for a signature without a file to write it to, or a file without a way to sign */
function attestation(flags: TestFlags): Extract<TestRequest['task'], { readonly kind: 'test' }>['attest'] {
  const { attest: file } = flags;
  if (file !== undefined) return { file, signing: signingChoice(flags, 'assay test --attest') };
  if (!asksToSign(flags)) return undefined;
  throw new AssayError('usage', 'nothing is signed', {
    subject: 'assay test',
    hint: 'say where the attestation is written: --attest tests.intoto.json',
  });
}

function excluded(subject: string, by: string): AssayError {
  return new AssayError('usage', `cannot be used with ${by}`, { subject, hint: 'leave one of them out' });
}
