import type { AttestedTests, TestReport } from '../../core/behavior/index.ts';
import { isAssayError } from '../../core/index.ts';
import { signStatement, testsOf, verifyAttestation } from '../../integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';
import type { ApprovalMethod } from '../api/index.ts';
import { RegistryError } from '../registry-error.ts';
import type { Context } from '../store/index.ts';
import { approvalSigner } from './approval.ts';
import { digestOfStatement } from './waiver.ts';

/** Tests that a trusted signer attests. */
export interface SignedTests {
  readonly tests: AttestedTests;
  readonly signer: string;
  readonly method: ApprovalMethod;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
  /** `sha256:<hex>` of what was signed. */
  readonly statement: string;
}

/** CWE-770: of a bundle; measures are small, and plots are left out. */
export const MAX_TESTS_ATTESTATION = 1024 * 1024;
const SERVICE = 'the service';

/**
 * Verifies tests by the trust file: their signer may sign tests.
 * @throws RegistryError `no-trust`, `bad-attestation`
 */
export async function verifyTests({ trust }: Context, attestation: string, now: Date): Promise<SignedTests> {
  if (trust === undefined) {
    throw new RegistryError('no-trust', 'no trust file says who can sign tests', { hint: 'configure one' });
  }
  if (attestation.length > MAX_TESTS_ATTESTATION) throw badTests('it has more than 1 MiB');
  try {
    const bundle = readBundle(Buffer.from(attestation), 'the tests');
    const verified = await verifyAttestation(bundle, trust, { kind: 'tests', now });
    const statement = digestOfStatement(attestation);
    const tests = testsOf(verified, statement);
    if (tests === undefined) throw badTests('it does not name a model');
    return { tests: withoutFigures(tests), ...approvalSigner(verified.signer), attestation, statement };
  } catch (error) {
    if (isSignatureError(error) || isAssayError(error)) throw badTests(error.message, error);
    throw error;
  }
}

/** Signs what a job of the service measured; `undefined` without a key. @throws what the signer throws */
export async function signTests({ signer }: Context, report: TestReport, at: Date): Promise<SignedTests | undefined> {
  if (signer === undefined) return undefined;
  const measured = withoutFigures(report);
  const attestation = JSON.stringify(await signStatement(createStatement('tests', { report: measured, at }), signer));
  const { baseline, data, device, model, rowsAtOnce, status, tests, tool } = measured;
  const { name, sha256, seed } = measured.suite;
  const statement = digestOfStatement(attestation);
  return {
    tests: {
      name: statement,
      signer: SERVICE,
      at: at.toISOString(),
      suite: { name, sha256, seed },
      ...{ baseline, data, device, model, rowsAtOnce, status, tests, tool },
    },
    signer: SERVICE,
    method: 'service',
    attestation,
    statement,
  };
}

/** Plots are large, and no decision looks at them. */
function withoutFigures<T extends Pick<TestReport, 'tests'>>(measured: T): T {
  return { ...measured, tests: measured.tests.map((test) => ({ ...test, figures: [] })) };
}

export function badTests(why: string, cause?: unknown): RegistryError {
  return new RegistryError('bad-attestation', `the attestation of tests does not count: ${why}`, {
    hint: 'attest tests of exactly these bytes, by a signer whom the trust file lets sign tests',
    ...(cause === undefined ? {} : { cause }),
  });
}
