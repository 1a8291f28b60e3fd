import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { judgeKerasDocument } from '../../../src/scan/keras/judge/index.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { scanDeep } from '../../support/scan-deep.ts';
import { CODE, DENSE, kerasH5, kerasMetadata, kerasZip, object, sequential } from './forms.ts';
import { RELATIVES } from './relatives.ts';

const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const GRAVITY = ['clean', 'not-assessed', 'unknown', 'suspicious', 'malicious'];
const gravity = (verdict: string) => GRAVITY.indexOf(verdict);

describe('a configuration that does more than describe a model', () => {
  it('is one of more than eighty forms', () => expect(RELATIVES.length).toBeGreaterThanOrEqual(80));

  it.each(RELATIVES)('%s, in each kind of file', async (_title, config, expected) => {
    const forms = {
      'm.keras': kerasZip(config),
      'm.h5': kerasH5({ model_config: config }),
      'model.json': Buffer.from(config),
      'keras_metadata.pb': kerasMetadata('{"class_name": "Dense", "config": {}}', config),
    };
    for (const [file, bytes] of Object.entries(forms)) {
      const { verdict, messages } = await scanDeep(bytes, file);
      expect(gravity(verdict), `${file}: ${verdict} ${messages.join(' ')}`).toBeGreaterThanOrEqual(gravity(expected));
    }
  });
});

describe('a model of Keras itself', () => {
  const files = readdirSync(`${FIXTURES}convert/keras`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:h5|keras)\.gz$/.test(name),
  );

  it('is there in five versions', () => expect(files.length).toBeGreaterThan(200));

  it('is clean, whatever its layers', async () => {
    for (const name of files) {
      const found = await scanDeep(gunzipSync(readFileSync(`${FIXTURES}convert/keras/${name}`)), name.slice(0, -3));
      expect({ name, ...found }).toMatchObject({ verdict: 'clean', messages: [], reasons: [] });
    }
  }, 60_000);
});

describe('a .keras file', () => {
  it('is clean when all of it is known', async () => {
    expect(await scanDeep(kerasZip(sequential(DENSE)), 'm.keras')).toMatchObject({ verdict: 'clean', format: 'keras' });
  });

  it.each([
    ['UTF-16', Buffer.from(`\ufeff${sequential(object('Lambda', { function: [CODE, null, null] }))}`, 'utf16le')],
    ['a byte order mark', Buffer.from(`\ufeff${sequential(object('Lambda', { function: [CODE, null, null] }))}`)],
    ['blanks before', Buffer.from(' '.repeat(70_000) + sequential(object('Lambda', { function: [CODE, null, null] })))],
  ])('does not hide code by %s', async (_what, config) => {
    expect((await scanDeep(kerasZip(config), 'm.keras')).verdict).not.toBe('clean');
  });

  it('does not hide code in the first of two configurations', async () => {
    const lambda = sequential(object('Lambda', { function: [CODE, null, null] }));
    const both = [lambda, sequential(DENSE)].map((data) => ({ name: 'config.json', data }));
    for (const members of [both, both.toReversed()]) {
      const { verdict } = await scanDeep(kerasZip('{}', members), 'm.keras');
      expect(verdict).toBe('malicious');
    }
  });

  it('is judged in every mode, whatever its metadata says', async () => {
    const lie = { name: 'metadata.json', data: '{"keras_version": "99.0.0"}' };
    const config = sequential(object('Lambda', { function: [CODE, null, null] }));
    const { verdict, messages } = await scanDeep(kerasZip(config, [lie]), 'm.keras');
    expect(verdict).toBe('malicious');
    expect(messages.join(' ')).toMatch(/Keras 2 .* in every mode.*safe_mode/);
  });
});

describe('an .h5 file', () => {
  it('has its configuration read in parts', async () => {
    const text = sequential(object('Lambda', { function: [CODE, null, null] }));
    const parts = { model_config0: text.slice(0, 60), model_config1: text.slice(60) };
    expect((await scanDeep(kerasH5(parts), 'm.h5')).verdict).toBe('malicious');
  });

  it('has the loss and the metrics judged', async () => {
    const training = (loss: unknown) =>
      JSON.stringify({ optimizer_config: { class_name: 'Adam', config: {} }, loss, metrics: ['accuracy'] });
    const parts = (loss: unknown) => kerasH5({ model_config: sequential(DENSE), training_config: training(loss) });
    expect((await scanDeep(parts('mse'), 'm.h5')).verdict).toBe('clean');
    expect((await scanDeep(parts('my_loss'), 'm.h5')).verdict).toBe('suspicious');
    expect((await scanDeep(parts({ class_name: 'run', module: 'subprocess', config: {} }), 'm.h5')).verdict).toBe(
      'malicious',
    );
  });

  it('is unknown when its configuration is not JSON', async () => {
    expect((await scanDeep(kerasH5({ model_config: '{"class_name": "Sequ' }), 'm.h5')).verdict).toBe('unknown');
  });
});

describe('JSON of other programs', () => {
  it.each([
    ['{"layers": [{"class_name": "Lambda"}]}', 'not-assessed'],
    ['{"model": {"class_name": "BertTagger", "config": {"dim": 3}}}', 'not-assessed'],
    ['{"tool": {"class_name": "Dense", "config": {"units": 3}}}', 'clean'],
    ['{"a": {"class_name": "run", "module": "subprocess", "config": {}}}', 'malicious'],
  ])('%s is %s', async (text, verdict) => {
    expect((await scanDeep(Buffer.from(text), 'other.json')).verdict).toBe(verdict);
  });
});

const judge = (bytes: Uint8Array) => {
  const rules: string[] = [];
  const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
  const report = ({ rule }: { readonly rule: { readonly id: string } }) => void rules.push(rule.id);
  judgeKerasDocument(bytes, { globals: createGlobalPolicy(), budget, report }, { name: 'config.json', certain: true });
  return { rules, budget };
};

describe('the judge of configurations', () => {
  it('ends with an error about the content, or with findings, for any JSON', () => {
    const names = fc.constantFrom(
      'Sequential',
      'Dense',
      'Lambda',
      'function',
      '__tensor__',
      'TFOpLambda',
      '__typespec__',
      'x',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.string({ maxLength: 8 }),
        fc.double(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(
          fc.constantFrom('config', 'layers', 'module', 'function', 'vocabulary', 'units', 'items'),
          tie('tree'),
          { maxKeys: 4 },
        ),
        fc.record(
          { class_name: fc.oneof(names, tie('tree')), config: tie('tree'), module: tie('tree') },
          { requiredKeys: ['class_name'] },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        judge(Buffer.from(JSON.stringify(value) ?? 'null'));
      }),
      { numRuns: 300 },
    );
  });

  it('reads a document with changed bytes or refuses it', () => {
    const config = Buffer.from(sequential(DENSE, object('Lambda', { function: [CODE, null, null] })));
    const change = fc.tuple(fc.nat(config.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (places) => {
        const changed = Buffer.from(config);
        for (const [at, byte] of places) changed[at] = byte;
        try {
          judge(changed);
        } catch (error) {
          if (!isContentError(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what is nested too deeply', () => {
    const deep = `${'{"layer":'.repeat(300)}1${'}'.repeat(300)}`;
    expect(() => judge(Buffer.from(deep))).toThrow('nested deeper than 200');
  });

  it('gives back the memory that a document took', () => {
    const { budget } = judge(Buffer.from(sequential(...Array.from({ length: 1000 }, () => DENSE))));
    const { peak } = budget;
    expect(peak).toBeGreaterThan(100_000);
    expect(() => budget.hold(DEFAULT_LIMITS.maxFileMemory - peak / 2)).not.toThrow();
  });
});
