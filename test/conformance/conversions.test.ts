import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Conversion, ConversionTarget } from '../../src/core/conversion/index.ts';
import { convert } from '../../src/library/convert.ts';
import { ConversionMismatch, type VerifyRequest } from '../../src/pipeline/convert/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { call, twoTensors } from '../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../support/sklearn-arrays.ts';
import { tempFolder } from '../support/temp.ts';

interface ConversionCase {
  readonly about: string;
  readonly model: string;
  readonly to: ConversionTarget;
  readonly verify?: VerifyRequest;
  readonly salvage?: boolean;
  readonly attest?: boolean;
  /** Whether the conversion is published; it is not when what it computes differs. */
  readonly published: boolean;
}

const folder = tempFolder();
const at = (name: string) => join(folder, name);
const sklearn = sklearnCase('bayes/gaussian.pkl');
const { inputs, outputs } = filesOf(sklearn);
writeFileSync(at('X.npz'), inputs);
writeFileSync(at('Y.npz'), outputs);
writeFileSync(at('other.npz'), filesOf({ ...sklearn, outputs: otherLabels() }).outputs);
writeFileSync(at('m.pt'), twoTensors());
writeFileSync(at('evil.pt'), twoTensors({ x: call('os', 'system', 'x') }));
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
writeFileSync(at('key.pem'), pem, { mode: 0o600 });

function otherLabels() {
  const { label } = sklearn.outputs;
  if (label === undefined) throw new Error('no labels');
  return { ...sklearn.outputs, label: { ...label, values: label.values.map((value) => 1 - Number(value)) } };
}

const CASES: readonly ConversionCase[] = [
  { about: 'a checkpoint', model: at('m.pt'), to: 'safetensors', published: true },
  {
    about: 'a checkpoint that is verified',
    model: at('m.pt'),
    to: 'safetensors',
    verify: {},
    attest: true,
    published: true,
  },
  {
    about: 'a malicious checkpoint that is salvaged',
    model: at('evil.pt'),
    to: 'safetensors',
    salvage: true,
    verify: {},
    published: true,
  },
  { about: 'an estimator that is compared with itself', model: sklearn.model, to: 'onnx', verify: {}, published: true },
  {
    about: 'an estimator that is compared with its source',
    model: sklearn.model,
    to: 'onnx',
    verify: { inputs: at('X.npz'), outputs: at('Y.npz') },
    attest: true,
    published: true,
  },
  {
    about: 'an estimator that gives something else',
    model: sklearn.model,
    to: 'onnx',
    verify: { inputs: at('X.npz'), outputs: at('other.npz') },
    published: false,
  },
];

describe.each(CASES)('$about', (one) => {
  it('gives the same report and the same files through the library and the command line', async () => {
    const name = one.about.replaceAll(' ', '-');
    const own = await throughLibrary(one, at(`${name}-library`));
    const other = await throughCli(one, at(`${name}-cli`), at(`${name}.json`));
    // The time of a statement, and what makes each signature of ECDSA another one, are in its digest.
    expect({ ...other, attestation: other.attestation?.path }).toEqual({ ...own, attestation: own.attestation?.path });
    expect(own.published).toBe(one.published);
    expect(own.attestation === null).toBe(one.attest !== true);
    expect(bytesIn(at(`${name}-cli`))).toEqual(bytesIn(at(`${name}-library`)));
  });
});

async function throughLibrary(
  { model, to, verify, salvage, attest }: ConversionCase,
  out: string,
): Promise<Conversion> {
  try {
    return await convert(model, {
      to,
      folder: out,
      ...(verify === undefined ? {} : { verify }),
      ...(salvage === undefined ? {} : { salvage }),
      ...(attest === true ? { attest: { privateKey: pem } } : {}),
    });
  } catch (error) {
    if (error instanceof ConversionMismatch) return error.conversion;
    throw error;
  }
}

async function throughCli(one: ConversionCase, out: string, report: string): Promise<Conversion> {
  const { model, to, verify, salvage, attest, published } = one;
  const files = verify?.inputs === undefined ? 'auto' : `${verify.inputs},${verify.outputs}`;
  const ran = await runCli([
    ...['convert', model, '--to', to, '-o', out, '--report', report],
    ...(verify === undefined ? [] : ['--verify', files]),
    ...(salvage === true ? ['--salvage'] : []),
    ...(attest === true ? ['--private-key', at('key.pem')] : []),
  ]);
  expect(ran.code).toBe(published ? 0 : 1);
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** The files of a folder but the attestation; nothing for one that is not there. */
function bytesIn(path: string): readonly (readonly [string, string])[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => !name.endsWith('.intoto.json'));
  return names.sort().map((name) => [name, readFileSync(join(path, name), 'base64')]);
}
