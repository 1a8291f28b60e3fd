import { expect, it } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findInterpreter, findTorch, type Interpreter } from './jail.ts';
import { checkLists } from './lists/soundness.ts';

const FILES = Number(process.env.ASSAY_LISTS_FILES ?? 1_500);
/** The libraries that ASSAY_ORACLE_PYTHON has, by their folder of fixtures: "river", or "pillow:PIL" where the package has another name. */
const ADDED = (process.env.ASSAY_LISTS_LIBRARIES ?? '').split(',').filter((one) => one !== '');
const STANDARD = [
  'builtins',
  '__builtin__',
  'collections',
  'copyreg',
  'copy_reg',
  '_codecs',
  'functools',
  'datetime',
  'decimal',
];
const MORE = [
  'fractions',
  'uuid',
  'pathlib',
  'array',
  'enum',
  'random',
  'types',
  'zoneinfo',
  'argparse',
  'operator',
  '_operator',
];

/** Nothing that we call clean does more on load than create objects. */
async function check(
  interpreter: Interpreter,
  libraries: readonly string[],
  packages: readonly string[],
  share: number,
) {
  const files = Math.ceil(FILES * share);
  const own = [...STANDARD, ...MORE, ...packages];
  const { composed, loaded, whole, failures } = await checkLists({
    interpreter,
    libraries,
    packages: own,
    seed: SEED,
    files,
  });
  process.stderr.write(`${loaded} of ${composed} files are clean, ${whole} make an object\n`);
  expect(failures.map(({ seed, what, found }) => `seed ${seed}, ${what}: ${found.join('; ')}`)).toEqual([]);
  expect(whole).toBeGreaterThan(loaded / 4);
}

const python = findInterpreter('numpy', 'scipy', 'sklearn', 'pandas', 'joblib');
const torch = findTorch();

requirePart('jail', canJail(), 'apt-get install bubblewrap', 'soundness of the lists', () => {
  requirePart(
    'libraries numpy, scipy, scikit-learn, pandas, joblib',
    python !== undefined,
    'pip install -r fixtures/python/requirements-ci.txt',
    'in Python',
    () => {
      it(`holds for ${FILES} files (seed ${SEED})`, { timeout: 36_000_000 }, async () => {
        const libraries = ['numpy', 'scipy', 'sklearn', 'pandas', 'joblib', 'stdlib'];
        const packages = ['numpy', 'scipy', 'sklearn', 'pandas', 'joblib'];
        for (const [folder = '', name = folder] of ADDED.map((one) => one.split(':'))) {
          libraries.push(folder);
          packages.push(name);
        }
        await check(python ?? { program: '' }, libraries, packages, 0.8);
      });
    },
  );

  requirePart('PyTorch', torch !== undefined, 'apt-get install python3-torch', 'in PyTorch', () => {
    it(`holds for ${FILES} files (seed ${SEED})`, { timeout: 36_000_000 }, async () => {
      await check(torch ?? { program: '' }, ['torch', 'torch-tensors', 'stdlib'], ['torch', 'numpy'], 0.2);
    });
  });
});
