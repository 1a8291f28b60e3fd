/** What went wrong, as a stable code that programs may match on. */
export type ErrorCode =
  | 'usage' // the command line or the configuration is wrong
  | 'not-found' // the path, repository, revision or file does not exist
  | 'unreadable' // it exists, and cannot be read (permissions, device, not a file)
  | 'unauthorized' // the server wants other credentials, or access was not granted
  | 'network' // no answer, or an answer that is not usable
  | 'refused' // an egress rule forbids the connection
  | 'mismatch' // bytes do not have the announced digest or size
  | 'changed' // the bytes changed while they were read
  | 'truncated' // the file ends before a structure does
  | 'malformed' // a structure contradicts its format
  | 'unsupported' // a variant of a format that the reader does not know
  | 'limit' // a named limit was met
  | 'sandbox' // the bounded child process failed or was killed
  | 'aborted' // the caller's signal fired
  | 'internal'; // a defect of ours

export interface ErrorOptions {
  /** How to correct the error, as an imperative sentence. */
  readonly hint?: string;
  /** The file, address or member that the error is about. */
  readonly subject?: string;
  readonly offset?: number;
  readonly cause?: unknown;
}

/** The one error class of the project: a code for programs, a sentence for people, and how to correct it. */
export class AssayError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly subject: string | undefined;
  readonly offset: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AssayError';
    this.code = code;
    this.hint = options.hint;
    this.subject = options.subject;
    this.offset = options.offset;
  }
}

/** What went wrong and how to correct it, on one line: `message; hint`. */
export function withHint({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint?: string | null | undefined;
}): string {
  return hint === undefined || hint === null ? message : `${message}; ${hint}`;
}

export function isAssayError(error: unknown): error is AssayError {
  return error instanceof AssayError;
}

/** The codes a reader may end with on hostile bytes; anything else out of a reader is a defect. */
const CONTENT_CODES: ReadonlySet<ErrorCode> = new Set(['truncated', 'malformed', 'unsupported', 'limit', 'sandbox']);

export function isContentError(error: unknown): error is AssayError {
  return isAssayError(error) && CONTENT_CODES.has(error.code);
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AssayError('aborted', 'stopped before the end', { cause: signal.reason });
}
