export type { Artifact, ArtifactFile, ClaimedDigest, OpenOptions, SourceReport } from './artifact.ts';
export { AsyncDisposableStack } from './async-disposable-stack.ts';
export { DOCUMENT_BOUNDS, type JsonBounds, parseBoundedJson, parseSignedJson } from './bounded-json.ts';
export { BudgetError, type BudgetLimit, FileBudget, type MemoryPool } from './budget.ts';
export { closest } from './closest.ts';
export { compiledUrl } from './compiled.ts';
export { cut, MAX_KEPT, quotedName } from './cut.ts';
export {
  AssayError,
  type ErrorCode,
  type ErrorOptions,
  isAssayError,
  isContentError,
  throwIfAborted,
  withHint,
} from './errors.ts';
export type { OnEvent, ProgressEvent } from './events.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { PACKAGE_ROOT, version } from './package/index.ts';
export { SeededRandom } from './random.ts';
export { sleep } from './sleep.ts';
export { codeOrText, fileCode, isFileMissing, systemCode } from './system-error.ts';
