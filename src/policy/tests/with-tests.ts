import { type Assessment, BESIDES, type Check, type FileAssessment } from '../../core/assessment/index.ts';
import {
  type AttestedTests,
  copiesOf,
  type ModelTest,
  type RequiredSuite,
  statusOfTests,
  TEST_AREAS,
} from '../../core/behavior/index.ts';

/** Whether a trusted signer attests tests of a file of this artifact. */
const ATTESTED_CHECK = 'tests.attested';
/** Whether they pass, and no model of the artifact was left out. */
const PASSED_CHECK = 'tests.passed';

/** Names that one message holds. */
const MAX_NAMED = 3;

/**
 * The assessment with what attested tests say of it: the checks `tests.attested` and `tests.passed`, and `behavior.<area>` for each area
 * that they are about. Tests of other files are not counted.
 * @param suite the one that is asked for: tests by others are kept, and count neither for nor against the model; `null`: all count
 */
export function withTests(
  assessment: Assessment,
  given: readonly AttestedTests[],
  suite: RequiredSuite | null = null,
): Assessment {
  if (given.length === 0 && suite === null) return assessment;
  const { files, checks } = assessment;
  const hashed = hashedFiles(files);
  const own = given.filter(({ model }) => isOf(model, hashed));
  const counted = own.filter((tests) => isBy(tests, suite));
  const results = counted.flatMap(({ tests }) => tests);
  const areas = TEST_AREAS.flatMap((area) => areaCheck(area, results));
  return {
    ...assessment,
    checks: [...checks, attestedCheck(given, own), passedCheck({ own, counted, suite }, files), ...areas],
    ...(own.length === 0 ? {} : { tests: own }),
  };
}

/** Whether tests are about a file of the artifact whose bytes were hashed here. */
export function areTestsOf({ model }: Pick<AttestedTests, 'model'>, { files }: Pick<Assessment, 'files'>): boolean {
  return isOf(model, hashedFiles(files));
}

function isOf(model: AttestedTests['model'], hashed: ReturnType<typeof hashedFiles>): boolean {
  return copiesOf(model, hashed).length > 0;
}

function isBy({ suite }: AttestedTests, asked: RequiredSuite | null): boolean {
  return asked === null || `sha256:${suite.sha256}` === asked.digest;
}

/** The files whose bytes were hashed here: a digest that a source claims proves nothing. */
function hashedFiles(files: readonly FileAssessment[]): readonly { readonly path: string; readonly sha256: string }[] {
  return files.flatMap(({ path, sha256, digestBasis }) =>
    sha256 !== null && digestBasis === 'computed' ? [{ path, sha256 }] : [],
  );
}

function attestedCheck(given: readonly AttestedTests[], own: readonly AttestedTests[]): Check {
  const others = given.filter((tests) => !own.includes(tests));
  if (given.length === 0) return { id: ATTESTED_CHECK, status: 'not-assessed', detail: NONE_GIVEN };
  const said = [
    ...own.map(({ signer, model, suite }) => `"${signer}" signed tests of ${model.path} by the suite ${suite.name}`),
    ...others.map(({ name, model }) => `${name} is about another artifact: ${model.path} sha256:${model.sha256}`),
  ];
  return { id: ATTESTED_CHECK, status: own.length > 0 ? 'pass' : 'not-assessed', detail: said.join('; ') };
}

const NONE_GIVEN = 'no attestation of tests is given';

interface Counted {
  readonly own: readonly AttestedTests[];
  /** Those of them that are by the suite that is asked for. */
  readonly counted: readonly AttestedTests[];
  readonly suite: RequiredSuite | null;
}

function passedCheck({ own, counted, suite }: Counted, files: readonly FileAssessment[]): Check {
  const says = (status: Check['status'], detail: string): Check => ({ id: PASSED_CHECK, status, detail });
  if (counted.length === 0) return says('not-assessed', whyNone(own, suite));
  const failed = counted.flatMap(({ tests }) => tests).filter(({ status }) => status === 'fail' || status === 'error');
  if (failed.length > 0)
    return says(
      'fail',
      named(
        failed.map(({ id, detail }) => `${id}: ${detail}`),
        '; ',
      ),
    );
  const open = counted.filter(({ status }) => status !== 'pass').map(({ suite }) => suite.name);
  if (open.length > 0) return says('not-assessed', `the suite ${named(open)} does not show that the model behaves`);
  const tested = new Set(counted.flatMap(({ model }) => copiesOf(model, hashedFiles(files))).flat());
  const left = files.filter(({ path, format }) => !tested.has(path) && !BESIDES.has(format)).map(({ path }) => path);
  if (left.length > 0) return says('not-assessed', `was not tested: ${named(left)}`);
  const count = counted.reduce((sum, { tests }) => sum + tests.length, 0);
  return says('pass', `${count} tests of ${named(counted.map(({ suite }) => suite.name))}`);
}

/** Says why none of the attested tests counts. */
function whyNone(own: readonly AttestedTests[], suite: RequiredSuite | null): string {
  if (own.length === 0 && suite === null) return 'no attested tests are about a file of this artifact';
  const asked = suite === null ? 'a suite' : `the suite ${suite.name} (${suite.digest})`;
  if (own.length === 0) return `${asked} is asked for, and no attested tests are about a file of this artifact`;
  const others = own.map((tests) => `${tests.suite.name} (sha256:${tests.suite.sha256})`);
  return `${asked} is asked for, and tests by another suite do not count: ${named(others)}`;
}

function areaCheck(area: ModelTest['area'], results: readonly ModelTest[]): readonly Check[] {
  const tests = results.filter((test) => test.area === area);
  if (tests.length === 0) return [];
  const status = statusOfTests(tests);
  const told = tests.filter((test) => test.status === status);
  return [
    {
      id: `behavior.${area}`,
      status,
      detail: named(
        told.map(({ id, detail }) => `${id}: ${detail}`),
        '; ',
      ),
    },
  ];
}

function named(texts: readonly string[], between = ', '): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(between)}${more > 0 ? ` and ${more} more` : ''}`;
}
