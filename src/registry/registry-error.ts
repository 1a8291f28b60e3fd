/** Why the registry refused, as a stable code that programs may match on. */
export type RegistryErrorCode =
  | 'invalid' // what was given cannot be: a name, a digest, a date, a cursor
  | 'not-found' // this tenant does not have it
  | 'forbidden' // somebody with other roles may
  | 'conflict' // it contradicts what is there already
  | 'no-digest' // the bytes have no digest that can be relied on
  | 'too-large'
  | 'queue-full' // so many jobs wait already
  | 'stage-skipped' // from here the version cannot go there
  | 'denied' // the policy of the stage denies it, and no approval can change that
  | 'own-request' // who asked does not vote
  | 'already-voted'
  | 'role-not-asked' // the stage asks for approvals of other roles
  | 'method-not-accepted' // the stage asks for another proof of who approves
  | 'bad-attestation' // the approval that was handed in does not hold, or is about something else
  | 'no-trust' // there is no trust file, so that no attestation can be verified
  | 'no-approval-key' // there is no key that signs for those who approve by a session
  | 'not-waivable'
  | 'changed' // it is another than the one that was seen
  | 'ended' // what was to be changed is over
  | 'broken-log' // the records are not what the audit log tells of
  | 'newer-schema' // a newer version of the program has written this database
  | 'unavailable' // the database does not answer
  | 'internal'; // a defect of ours

/** A refusal of the registry: a code for programs, a sentence for people, and how to correct it. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: RegistryErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RegistryError';
    this.code = code;
    this.hint = options.hint;
  }
}

export function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof RegistryError;
}
