import type { Signature } from '../subject/index.ts';

/**
 * A suite for a model, to be completed: its inputs by name, and the tests that its outputs allow.
 * @param name of the suite
 * @param model the path of the model, for the comments
 */
export function suiteFor({ inputs, outputs }: Signature, name: string, model: string): string {
  const scores = outputs.find(({ role }) => role === 'probabilities');
  const label = outputs.find(({ role }) => role === 'label');
  const predicts = scores !== undefined || label !== undefined;
  const lines = [
    `# Tests of ${model}. Run them: assay test ${model} --suite <this file> [--baseline <the approved version>]`,
    'version: 1',
    `name: ${name}`,
    'seed: 1',
    ...(predicts ? ['model:'] : []),
    ...(label === undefined ? [] : [`  label: ${quoted(label.name)}`]),
    ...(scores === undefined ? [] : [`  scores: ${quoted(scores.name)}`]),
    'data:',
    '  # Paths are relative to this file. An array of a file of NumPy: file.npz#name',
    '  held-out:',
    '    inputs:',
    ...inputs.map(
      ({ name: input, type, shape }) =>
        `      - { file: held-out.npz, columns: [${quoted(input)}] }   # ${type} [${shape.map(sizeText).join(', ')}]`,
    ),
    ...(predicts ? ['    labels: held-out.npz#y'] : []),
    '  # What the approved version gave: assay test <model> --suite <this file> --record golden.npz',
    '  golden:',
    '    inputs:',
    ...inputs.map(
      ({ name: input }) => `      - { file: golden.npz, columns: [${quoted(`input:${input}`)}], as: ${quoted(input)} }`,
    ),
    '    outputs:',
    ...outputs.map(
      ({ name: output }) =>
        `      - { file: golden.npz, columns: [${quoted(`output:${output}`)}], as: ${quoted(output)} }`,
    ),
    'tests:',
    '  - { id: same-outputs, kind: outputs, data: golden }',
    ...(predicts ? ['  - { id: accuracy, kind: accuracy, data: held-out, min: 0.9, drop: 0.01 }'] : []),
    ...(predicts ? ['  - { id: noise, kind: invariance, data: held-out, noise: 0.01, min: 0.9 }'] : []),
    ...(scores === undefined
      ? ['  - { id: finite, kind: range, data: held-out }']
      : [
          `  - { id: probabilities, kind: range, data: held-out, output: ${quoted(scores.name)}, min: 0, max: 1, sum: 1 }`,
        ]),
    '  - { id: determinism, kind: determinism, data: held-out }',
    '  - { id: speed, kind: envelope, data: held-out, ratio: 1.5 }',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * A suite for a language model, to be completed.
 * @param name of the suite
 * @param model the path of the model, for the comments
 */
export function promptSuiteFor(name: string, model: string): string {
  const lines = [
    `# Tests of ${model}. Run them: assay test ${model} --suite <this file> [--baseline <the approved version>]`,
    'version: 1',
    `name: ${name}`,
    'seed: 1',
    'data:',
    '  # Paths are relative to this file. A column of a table: file.jsonl#name',
    '  questions:',
    '    prompts: questions.jsonl#prompt',
    '    tokenizer: tokenizer.json',
    '    answers: questions.jsonl#answer',
    '    newTokens: 32',
    '    eos: []   # tokens that end a text: eos_token_id of generation_config.json',
    '    # What the approved version said: assay test <model> --suite <this file> --record recorded.npz',
    '    # recorded: recorded.npz',
    '  refused:',
    '    prompts: refused.jsonl#prompt',
    '    tokenizer: tokenizer.json',
    'tests:',
    '  - { id: same-texts, kind: generation, data: questions }',
    '  - { id: answers, kind: answers, data: questions, drop: 0.01 }',
    '  - { id: refusals, kind: refusal, data: refused, contains: ["I cannot"], min: 0.9, drop: 0.01 }',
    '  - { id: secrets, kind: leak, data: questions, contains: ["a text that is kept"] }',
    '  - { id: phrases, kind: trigger-phrase, data: questions, phrases: ["a phrase to try"] }',
  ];
  return `${lines.join('\n')}\n`;
}

/** Comments are lines, and the names of sizes come from the model. */
function sizeText(size: number | string): string {
  if (typeof size === 'number') return String(size);
  return /^\w+$/.test(size) ? size : '?';
}

/** A name of the model, as YAML takes any text. */
function quoted(name: string): string {
  return JSON.stringify(name);
}
