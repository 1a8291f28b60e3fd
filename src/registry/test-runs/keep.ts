import { copiesOf } from '../../core/behavior/index.ts';
import { areTestsOf } from '../../policy/tests/index.ts';
import { chainStateIn, faultOf } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import { nameOf } from '../names.ts';
import type { StoredAssessment } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { labelOf, newestAssessment, type TestRunRow, testRunRows, testsIn, type VersionRow } from '../rows/index.ts';
import { badTests, type SignedTests } from '../statements/index.ts';
import { type Change, type Context, newId } from '../store/index.ts';

/** CWE-770: runs of one version by one suite. */
const MAX_RUNS = 50;
/** Approved versions among which a baseline is looked for, the newest first. */
const MAX_BASELINES = 20;

/**
 * Keeps attested tests with the version that they are about, and decides it again.
 * @returns the run; the one that is there, when it was added already
 * @throws RegistryError `bad-attestation` for tests of other bytes, or beside a model that is not approved; `conflict` for a run that was
 *   revoked; `too-large`
 */
export async function keepRun(
  context: Context,
  change: Change,
  version: VersionRow,
  signed: SignedTests,
): Promise<TestRunRow> {
  const { tests, statement, attestation, signer, method } = signed;
  const newest = await newestAssessment(change.db, version.id);
  if (!areTestsOf(tests, newest.assessment))
    throw badTests(
      `it is about ${tests.model.path} sha256:${tests.model.sha256}, which ${labelOf(version)} does not have`,
    );
  const known = await knownRun(change, version, signed);
  if (known !== undefined) return known;
  await checkBaseline(context, change, version, signed);
  const row = {
    id: newId(),
    tenant: change.tenant,
    seq: change.next(),
    version: version.id,
    digest: version.digest,
    statement,
    body: JSON.stringify(tests),
    signer,
    method,
    attestation,
    created_by: nameOf(change.by),
    at: change.at,
    revoked_at: null,
    why: '',
  };
  await change.db.insertInto('test_runs').values(row).execute();
  record(change, version, row, signed);
  await decideAgain(context, change, version, newest);
  return row;
}

/** A version that is at its end is decided no more. */
export async function decideAgain(
  context: Context,
  change: Change,
  version: VersionRow,
  newest: StoredAssessment,
): Promise<void> {
  if (version.stage === 'retired') return;
  await decideVersion(context, change, version, newest);
}

function record(change: Change, version: VersionRow, { id }: TestRunRow, { tests, ...signed }: SignedTests): void {
  const { suite, data, baseline, device, model, status, tool } = tests;
  change.record('tests.added', labelOf(version), {
    run: id,
    statement: signed.statement,
    digest: version.digest,
    status,
    suite: { name: suite.name, digest: `sha256:${suite.sha256}` },
    model,
    data,
    baseline,
    device: device?.device ?? null,
    tool: tool.version,
    signer: signed.signer,
    method: signed.method,
  });
}

/** The same run, if it was added already. @throws RegistryError `conflict` when it was revoked; `too-large` */
async function knownRun(
  { db }: Change,
  version: VersionRow,
  { statement, tests }: SignedTests,
): Promise<TestRunRow | undefined> {
  const rows = await testRunRows(db, version.id);
  const known = rows.find((row) => row.statement === statement);
  if (known !== undefined && known.revoked_at === null) return known;
  if (known !== undefined)
    throw new RegistryError('conflict', 'this run of tests was revoked', { hint: 'run the tests again' });
  const own = rows.filter((row) => row.revoked_at === null && testsIn(row).suite.sha256 === tests.suite.sha256);
  if (own.length < MAX_RUNS) return undefined;
  throw new RegistryError('too-large', `the version has ${own.length} runs by this suite already`, {
    hint: 'revoke those that are not needed',
  });
}

/**
 * A run beside a model of the tester's own choice proves nothing: what it is compared with has to be the model of another version of
 * the same model that stands at staging or production: never the tested version itself.
 */
async function checkBaseline(
  context: Context,
  change: Change,
  version: VersionRow,
  { tests }: SignedTests,
): Promise<void> {
  const { db, tenant } = change;
  const { baseline } = tests;
  if (baseline === null) return;
  const approved = await db
    .selectFrom('versions')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('model', '=', version.model)
    .where('id', '!=', version.id)
    .where('stage', 'in', ['staging', 'production'])
    .orderBy('number', 'desc')
    .limit(MAX_BASELINES)
    .execute();
  const state = await chainStateIn(context, change);
  for (const row of approved) {
    if ((await faultOf(state, db, row)) !== undefined) continue;
    const { files } = (await newestAssessment(db, row.id)).assessment;
    const hashed = files.flatMap(({ path, sha256, digestBasis }) =>
      sha256 !== null && digestBasis === 'computed' ? [{ path, sha256 }] : [],
    );
    if (copiesOf(baseline, hashed).length > 0) return;
  }
  throw badTests(
    `the model was compared with sha256:${baseline.sha256}, which is not the model of an approved version of ${version.model}`,
  );
}
