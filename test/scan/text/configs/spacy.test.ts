import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGlobalPolicy } from '../../../../src/scan/lists/globals.ts';
import { judgeSpacyConfig } from '../../../../src/scan/text/configs/judge.ts';
import { plainTextScanner } from '../../../../src/scan/text/plain-text.ts';
import { scanBytes } from '../../../support/scan-bytes.ts';

const verdict = async (text: string) =>
  (await scanBytes(Buffer.from(text), 'config.cfg', [plainTextScanner], true)).verdict;
const PIPELINE = readFileSync('fixtures/text/spacy/config.cfg', 'utf8');
const TAGGER = `[nlp]
lang = "en"
[system]
seed = 0
[components]
[components.tagger]
factory = "tagger"
scorer = {"@scorers":"spacy.tagger_scorer.v1"}
[components.tagger.model]
@architectures = "spacy.Tagger.v2"
nO = null
[components.tagger.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = \${components.other.width}
upstream = "*"
[components.other]
width = 96
[training]
seed = \${system.seed}
[training.optimizer]
@optimizers = "Adam.v1"
[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
initial_rate = 0.00005
warmup_steps = 250
total_steps = 20000
`;

describe('the configuration of a pipeline of spaCy', () => {
  it('of listed names is clean', async () => {
    expect(await verdict(TAGGER)).toBe('clean');
    expect(await verdict(PIPELINE)).toBe('clean');
    expect(await verdict(TAGGER.replaceAll('\n', '\r\n'))).toBe('clean');
  });

  const more = (text: string) => TAGGER.replace('[training]', `${text}\n[training]`);
  it.each([
    ['a name that is not listed', TAGGER.replace('spacy.Tagger.v2', 'my.Tagger.v1')],
    ['a name of another part', TAGGER.replace('"@scorers"', '"@misc"')],
    ['a factory that is not listed', TAGGER.replace('"tagger"', '"my_component"')],
    ['an argument that is not listed', TAGGER.replace('nO = null', 'hook = null')],
    ['a component of another package', more('[components.ner]\nsource = "en_core_web_sm"')],
    ['a name in a list of JSON', more('[components.x]\nfactory = "ner"\nmodel = [{"@misc": "my.v1"}]')],
    [
      'a callback',
      more('[initialize]\nbefore_init = {"@callbacks": "spacy.copy_from_base_model.v1", "tokenizer": "x"}'),
    ],
    [
      'a callback in a section',
      more('[initialize]\n[initialize.before_init]\n@callbacks = "spacy.copy_from_base_model.v1"'),
    ],
    ['a name that reads a file', more('[initialize]\nlabels = {"@readers": "spacy.read_labels.v1", "path": "x"}')],
    [
      'lookups of a package',
      more('[initialize]\n[initialize.lookups]\n@misc = "spacy.LookupsDataLoader.v1"\nlang = "en"\ntables = []'),
    ],
    ['vectors of another file', more('[paths]\nv = "/etc/x"\n[initialize]\nvectors = ${paths.v}')],
    ['a corpus at a path', more('[corpora]\n[corpora.train]\n@readers = "spacy.Corpus.v1"\npath = "../x"')],
    ['a value that is put together', TAGGER.replace('"spacy.Tagger.v2"', '"spacy.${system.seed}"')],
    ['a name that is put together', more('[a]\nb = {"@mi${system.seed}": "x"}')],
    ['a section as a value', TAGGER.replace('nO = null', 'nO = ${training.optimizer}')],
    ['a reference to a section', TAGGER.replace('nO = null', 'nO = "__SECTION__:training.optimizer"')],
    ['two names', TAGGER.replace('nO = null', '@layers = "Linear.v1"')],
    ['a key twice', TAGGER.replace('nO = null', 'nO = null\nnO = 1')],
    ['a section twice', more('[nlp]\nlang = "de"')],
    ['a section that is a value', more('[system.seed]\na = 1')],
    ['a key twice in JSON', TAGGER.replace('{"@scorers":', '{"@scorers":"my.v1","@scorers":')],
    ['values for all sections', more('[DEFAULT]\n@misc = "my.v1"')],
    ['sections of logging', more('[handlers]\nkeys = x')],
    ['JSON that breaks off', TAGGER.replace('nO = null', 'nO = {"@misc": ')],
    ['a key that is indented', more('[a]\n  @misc = "my.v1"')],
    ['a line in the middle of nowhere', more('[a]\n\u00a0@misc = "my.v1"')],
    ['line ends of two kinds', TAGGER.replace('nO = null', 'nO = null\r@misc = "my.v1"')],
    ['a language that is a path', TAGGER.replace('"en"', '"../x"')],
  ])('with %s is not assessed', async (_, text) => {
    expect(await verdict(text)).toBe('not-assessed');
  });

  it('is void where a file of the artifact takes the place of spaCy', () => {
    const provided = createGlobalPolicy({ provided: new Set(['thinc']) });
    expect(judgeSpacyConfig(TAGGER, provided)).toMatch(/in its place/);
    expect(judgeSpacyConfig(TAGGER, createGlobalPolicy())).toBeUndefined();
  });

  it('ends on any text', () => {
    const line = fc.constantFrom(
      '[nlp]',
      '[a.b]',
      '[a]',
      'x = 1',
      '@misc = "y"',
      'y = ${a.x}',
      '  z',
      'k = {"@misc": "y"}',
      '\r',
      '[a.*.c]',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        const why = judgeSpacyConfig(lines.join('\n'), createGlobalPolicy());
        if (lines.some((one) => one.includes('@misc'))) expect(why).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
