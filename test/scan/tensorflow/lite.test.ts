import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { liteScanner } from '../../../src/scan/tensorflow/scanner.ts';
import { fixtureFiles, scanBytes } from '../../support/scan-bytes.ts';

const files = fixtureFiles('fixtures/tflite');

function fileOf(name: string): Buffer {
  const bytes = files.get(`${name}.tflite`);
  if (bytes === undefined) throw new Error(`fixtures/tflite/${name}.tflite is missing`);
  return Buffer.from(bytes);
}

async function scan(bytes: Uint8Array) {
  const { verdict, context } = await scanBytes(bytes, 'model.tflite', [liteScanner]);
  return { verdict, rules: context.ruleIds(), found: context.reports.map(({ message }) => message), context };
}

/** Writes a text of the same length in place of another, wherever it stands. */
function replaced(bytes: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length || !bytes.includes(from)) throw new Error(`${from} cannot be replaced by ${to}`);
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
}

describe('a model of TensorFlow Lite', () => {
  it.each(['cnn', 'quantized', 'lstm', 'loop', 'flex'])('%s, as the converter writes it, is clean', async (name) => {
    const { verdict, context } = await scanBytes(fileOf(name), `${name}.tflite`, SCANNERS, true);
    expect(context.reports.map(({ message }) => message)).toEqual([]);
    expect(verdict).toBe('clean');
  });

  it.each([
    ['hostile/read', 'malicious', 'tensorflow.dangerous-operator'],
    ['hostile/write', 'malicious', 'tensorflow.dangerous-operator'],
    ['hostile/restore', 'suspicious', 'tensorflow.argument'],
    ['custom', 'suspicious', 'tensorflow.unlisted-operator'],
  ])('%s is %s', async (name, verdict, rule) => {
    const scanned = await scan(fileOf(name));
    expect(scanned.verdict).toBe(verdict);
    expect(scanned.rules).toContain(rule);
  });

  it('that hides an operator of files behind the name of another is malicious', async () => {
    const scanned = await scan(replaced(fileOf('hostile/read'), 'FlexReadFile', 'FlexIdentity'));
    expect(scanned.verdict).toBe('malicious');
    expect(scanned.found).toContain('The operator "FlexIdentity" runs "ReadFile".');
  });

  it('with a name for another program is suspicious', async () => {
    const { verdict } = await scan(replaced(fileOf('flex'), 'FlexMatrixInverse', 'NoSuchCallAnywher'));
    expect(verdict).toBe('suspicious');
  });

  it('with options that are cut has them doubted', async () => {
    const bytes = fileOf('flex');
    const at = bytes.indexOf('MatrixInverse', bytes.indexOf('MatrixInverse') + 1);
    expect(at).toBeGreaterThan(0);
    const end = bytes.indexOf(Buffer.from([0x28, 0x01]), at);
    // The last bytes of the options say where the texts lie.
    for (const [offset, value] of [
      [0, 0x29],
      [1, 0x07],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed[end + offset] = value;
      expect((await scan(changed)).verdict).not.toBe('clean');
    }
  });

  it('gets a verdict whatever is changed, and none is clean with an operator that reads files', async () => {
    const seeds = ['cnn', 'loop', 'flex', 'hostile/read'].map(fileOf);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(40),
        async (seed, changes, cut) => {
          const bytes = Buffer.from(seed.subarray(0, seed.length - cut));
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          bytes.write('TFL3', 4, 'latin1');
          const { verdict } = await scan(bytes);
          expect(verdict).toMatch(/^(?:clean|not-assessed|suspicious|unknown|malicious)$/);
          if (bytes.includes('FlexReadFile') && bytes.includes('\x08ReadFile')) expect(verdict).not.toBe('clean');
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
