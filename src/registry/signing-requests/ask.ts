import { type Change, insertRow, newId } from '../store/index.ts';

/** Asks the process that holds the approval key to carry the approvals of a version over. */
export async function askToCarry(change: Change, version: string): Promise<void> {
  await ask(change, 'approvals', version, '');
}

/** Asks it to attest what a job measured. @param body of the tests, JSON */
export async function askToAttest(change: Change, job: string, body: string): Promise<void> {
  await ask(change, 'tests', job, body);
}

/** The same for checks of data. */
export async function askToAttestData(change: Change, job: string, body: string): Promise<void> {
  await ask(change, 'data', job, body);
}

async function ask(
  { db, tenant, at }: Change,
  kind: 'approvals' | 'tests' | 'data',
  subject: string,
  body: string,
): Promise<void> {
  await insertRow(db, 'signing_requests', { id: newId(), tenant, kind, subject, body, at }, { ifNew: true });
}
