import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Conversion, ConversionTarget } from '../../src/core/conversion/index.ts';
import { isAssayError, withHint } from '../../src/core/index.ts';
import { convert } from '../../src/library/convert.ts';
import { ConversionMismatch } from '../../src/pipeline/convert/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEveryGround } from '../service/routes/backends.ts';
import type { Client } from '../service/routes/harness.ts';
import { ended, uploadAll } from '../service/routes/requests.ts';
import { call, twoTensors } from '../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../support/sklearn-arrays.ts';
import { tempFolder } from '../support/temp.ts';

/** What a face answers, without what only says where the source was. */
interface Answer {
  /** Without the place of the source; `undefined` where nothing was converted and nothing was compared. */
  readonly report: unknown;
  /** SHA-256 of each file that was published. */
  readonly files: Readonly<Record<string, string>>;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

interface Case {
  readonly about: string;
  readonly model: string;
  readonly to: ConversionTarget;
  /** `given`: with the outputs of the source; `wrong`: with others. */
  readonly verify?: 'drawn' | 'given' | 'wrong';
  readonly salvage?: boolean;
  readonly exit: number;
  readonly code?: string;
}

const folder = tempFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const sklearn = sklearnCase('bayes/gaussian.pkl');
const rows = filesOf(sklearn);
const { label } = sklearn.outputs;
if (label === undefined) throw new Error('no labels');
const others = { ...label, values: label.values.map((value) => 1 - Number(value)) };
const wrong = filesOf({ ...sklearn, outputs: { ...sklearn.outputs, label: others } });
writeFileSync(at('inputs.npz'), rows.inputs);
writeFileSync(at('given.npz'), rows.outputs);
writeFileSync(at('wrong.npz'), wrong.outputs);
writeFileSync(at('state.pt'), twoTensors());
writeFileSync(at('evil.pt'), twoTensors({ x: call('os', 'system', 'x') }));
const LAMBDA = new URL('../../fixtures/format-probes/h5-lambda/m.h5', import.meta.url).pathname;

const CASES: readonly Case[] = [
  { about: 'a clean estimator', model: sklearn.model, to: 'onnx', verify: 'drawn', exit: 0 },
  { about: 'an estimator and its outputs', model: sklearn.model, to: 'onnx', verify: 'given', exit: 0 },
  { about: 'other outputs', model: sklearn.model, to: 'onnx', verify: 'wrong', exit: 1, code: 'mismatch' },
  { about: 'a state dict', model: at('state.pt'), to: 'safetensors', verify: 'drawn', exit: 0 },
  { about: 'an estimator as a graph of TensorFlow', model: sklearn.model, to: 'savedmodel', exit: 0 },
  { about: 'a malicious file', model: at('evil.pt'), to: 'safetensors', exit: 1, code: 'refused' },
  { about: 'salvaged tensors', model: at('evil.pt'), to: 'safetensors', salvage: true, exit: 0 },
  { about: 'a layer of code', model: LAMBDA, to: 'onnx', exit: 1, code: 'refused' },
  { about: 'tensors as a model', model: at('state.pt'), to: 'onnx', exit: 2, code: 'unsupported' },
];

let ran = 0;

onEveryGround('a conversion through every face', (service) => {
  let ada: Client;
  beforeAll(async () => {
    ada = await service().as('ada', ['submitter', 'security-approver']);
  });

  it.each(CASES)('has the same report, files, verdict and words: $about', async (one) => {
    ran++;
    mkdirSync(at(`run-${ran}`));
    const command = await throughCli(one, `run-${ran}`);
    expect(await throughLibrary(one, `run-${ran}`)).toEqual(command);
    expect(await throughService(one, ada)).toEqual(command);
    expect(command.error?.code).toBe(one.code);
  });
});

async function throughCli({ model, to, verify, salvage, exit, code }: Case, run: string): Promise<Answer> {
  const [out, report] = [at(run, 'cli'), at(run, 'cli.json')];
  const files = verify === 'drawn' ? 'auto' : `${at('inputs.npz')},${at(`${verify}.npz`)}`;
  const { code: exited, stderr } = await runCli([
    ...['convert', model, '--to', to, '-o', out, '--report', report],
    ...(verify === undefined ? [] : ['--verify', files]),
    ...(salvage === true ? ['--salvage'] : []),
  ]);
  expect([exited, stderr]).toEqual([exit, expect.any(String)]);
  const [, message = ''] = /^assay: (.*)\n$/s.exec(stderr) ?? [];
  return {
    report: existsSync(report) ? placeless(JSON.parse(readFileSync(report, 'utf8'))) : undefined,
    files: digestsIn(out),
    // The code is not printed: its exit code and its words say it.
    error: code === undefined ? undefined : { code, message },
  };
}

async function throughLibrary({ model, to, verify, salvage = false }: Case, run: string): Promise<Answer> {
  const out = at(run, 'library');
  const given = { inputs: at('inputs.npz'), outputs: at(`${verify}.npz`) };
  try {
    const request = verify === undefined ? {} : { verify: verify === 'drawn' ? {} : given };
    const report = await convert(model, { to, folder: out, salvage, ...request });
    return { report: placeless(report), files: digestsIn(out), error: undefined };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const report = error instanceof ConversionMismatch ? placeless(error.conversion) : undefined;
    const message = `${error.subject}: ${withHint(error)}`;
    return { report, files: digestsIn(out), error: { code: error.code, message } };
  }
}

async function throughService({ model, to, verify, salvage = false }: Case, client: Client): Promise<Answer> {
  const upload = await uploadAll(client, [{ path: basename(model), bytes: readFileSync(model) }]);
  const given =
    verify === 'given' || verify === 'wrong'
      ? await uploadAll(client, [
          { path: 'inputs.npz', bytes: rows.inputs },
          { path: 'outputs.npz', bytes: readFileSync(at(`${verify}.npz`)) },
        ])
      : undefined;
  const request = { upload, model: 'acme/m', to, salvage, verify: verify !== undefined };
  const asked = await client.call(
    'POST',
    '/v1/conversions',
    given === undefined ? request : { ...request, rows: given },
  );
  const job = await ended(client, asked.body.id);
  const answer = (await client.call('GET', `/v1/conversions/${job.id}`)).body;
  const files: Record<string, string> = {};
  for (const { index, path } of answer.downloads) {
    const response = await client.raw(`/v1/conversions/${job.id}/files/${index}`);
    files[path] = sha256(Buffer.from(await response.arrayBuffer()));
  }
  const report = answer.report ? (await client.call('GET', `/v1/conversions/${job.id}/report`)).body : undefined;
  return { report: report === undefined ? undefined : placeless(report), files, error: job.error ?? undefined };
}

function placeless({ source: { ref: _, pinned: __, ...source }, ...report }: Conversion) {
  return { ...report, source };
}

/** By their paths; nothing for a folder that is not there. */
function digestsIn(out: string): Record<string, string> {
  if (!existsSync(out)) return {};
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(out.length + 1), sha256(readFileSync(path))];
    }),
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
