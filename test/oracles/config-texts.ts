import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { configTarget } from '../../src/scan/text/configs/targets.ts';
import { plainTextScanner } from '../../src/scan/text/plain-text.ts';
import { scanBytes } from '../support/scan-bytes.ts';
import { type Interpreter, jailed } from './jail.ts';

const LOADERS = ['hydra', 'hyperpyyaml'] as const;
type Loader = (typeof LOADERS)[number];

/** What a loader did with a configuration. */
interface Loaded {
  readonly end: string;
  readonly names: readonly string[];
  readonly events: readonly string[];
}

export interface ConfigCounts {
  readonly clean: number;
  readonly loaded: number;
  /** Loads that looked up a name that is not listed, or did more than build objects. */
  readonly acted: number;
}

const PATHS = [
  'torch.nn.Linear',
  'torch.nn.ReLU',
  'torch.nn.L1Loss',
  'torch.nn.Sequential',
  'torch.nn.ModuleList',
  'torch.manual_seed',
  'torch.optim.SGD',
];
const REACHING = [
  'os.mkdir',
  'my.Model',
  'builtins.open',
  'torch.os.mkdir',
  'torch.load',
  'functools.partial',
  'hydra.utils.get_method',
];
const LEAVES = ['1', '2', 'true', 'mean', '~', '"x"', '[1, 2]', '/tmp/made', 'os.mkdir', '(1, 2)'];
const ODD = {
  hydra: ['${a}', '"${b.c}"', '"${oc.env:HOME}"', '"${a}x"', '"${${d}:HOME}"', '???', '"torch.nn.ReLU"', '*s', '&s 1'],
  hyperpyyaml: [
    '!ref <a>',
    '!ref <a> * 2',
    '!ref <a>/<b>',
    '!ref <e>',
    '!copy <e>',
    '!ref <e.__class__>',
    '!ref "(<a>)"',
    `!ref "'(!!py' + 'thon/object/apply:os.mkdir [/tmp/made])' + <f>"`,
    '"(!!python/object/apply:os.mkdir [/tmp/made])"',
    '(!apply:os.mkdir ["/tmp/made"])',
    '!tuple (1, x)',
    '!!python/tuple [1]',
    '!module:torch.nn',
    '!applyref:os.mkdir [/tmp/made]',
    '!PLACEHOLDER',
  ],
} as const;
const KEYS = [
  'in_features',
  'out_features',
  'bias',
  'reduction',
  'modules',
  'inplace',
  'seed',
  'x',
  '_recursive_',
  '_partial_',
  'path',
];

/** A value that a loader may build objects from; most of it is listed, and some reaches further. */
function configValue(loader: Loader): fc.Arbitrary<string> {
  const path = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...PATHS) },
    { weight: 1, arbitrary: fc.constantFrom(...REACHING) },
  );
  return fc.letrec<{ node: string; call: string }>((tie) => {
    const list = fc.array(tie('node'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`);
    const pairs = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), tie('node')), {
      maxLength: 3,
      selector: ([key]) => key,
    });
    const entries = pairs.map((all) => all.map((pair) => pair.join(': ')));
    const calls: Record<Loader, fc.Arbitrary<string>> = {
      hydra: fc
        .tuple(path, fc.option(list, { nil: undefined }), entries)
        .map(
          ([name, args, more]) =>
            `{${[`_target_: ${name}`, ...(args === undefined ? [] : [`_args_: ${args}`]), ...more].join(', ')}}`,
        ),
      hyperpyyaml: fc
        .tuple(
          fc.constantFrom('new', 'new', 'name', 'apply'),
          path,
          fc.oneof(
            list,
            entries.map((all) => `{${all.join(', ')}}`),
          ),
        )
        .map(([tag, name, args]) => `!${tag}:${name} ${args}`),
    };
    return {
      node: fc.oneof(
        { maxDepth: 4 },
        { weight: 6, arbitrary: fc.constantFrom(...LEAVES) },
        { weight: 1, arbitrary: fc.constantFrom(...ODD[loader]) },
        { weight: 2, arbitrary: list },
        { weight: 4, arbitrary: tie('call') },
      ),
      call: calls[loader],
    };
  }).call;
}

/** Configurations of both loaders, the same for a seed. */
function configTexts(seed: number, count: number): readonly (readonly [Loader, string])[] {
  return LOADERS.flatMap((loader, at) => {
    const texts = fc
      .tuple(configValue(loader), fc.constantFrom(...LEAVES))
      .map(([value, leaf]) => `a: 3\nb: {c: mean}\nd: oc.env\nf: x\ne: ${value}\ng: ${leaf}\n`);
    const share = Math.ceil((count - at) / LOADERS.length);
    return fc.sample(texts, { seed: seed + at, numRuns: share }).map((text) => [loader, text] as const);
  });
}

/**
 * Loads configurations with the real loaders in a jail, and throws for one that is clean and whose loader looked up a name that is not
 * listed, opened a file, or did anything besides.
 */
export async function holdAgainstLoaders(interpreter: Interpreter, seed: number, count: number): Promise<ConfigCounts> {
  const texts = configTexts(seed, count);
  const { program, args } = jailed(interpreter, 'configs_worker.py');
  const run = spawnSync(program, args, { input: JSON.stringify(texts), maxBuffer: 2 ** 30, encoding: 'utf8' });
  const lines = run.stdout.trimEnd().split('\n');
  if (run.status !== 0 || lines.length !== texts.length)
    throw new Error(`the jail answered for ${lines.length} of ${texts.length}: ${run.stderr.slice(-2_000)}`);
  const counts = { clean: 0, loaded: 0, acted: 0 };
  for (const [at, [loader, text]] of texts.entries()) {
    const { end, names, events } = JSON.parse(lines[at] ?? '') as Loaded;
    const { verdict } = await scanBytes(Buffer.from(text), 'c.yaml', [plainTextScanner]);
    const acted = events.length > 0 || names.some((name) => configTarget(name) === undefined);
    if (verdict === 'clean') counts.clean++;
    if (end === 'loaded') counts.loaded++;
    if (acted) counts.acted++;
    if (acted && verdict === 'clean')
      throw new Error(`${loader} did more than build objects:\n${text}\n${[...names, ...events].join('\n')}`);
  }
  return counts;
}
