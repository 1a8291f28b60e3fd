const BUNDLED = 'action/src/bundled';

/** What stands in for a module of the program in the GitHub Action, because the bundle is one file. */
export const STAND_INS = new Map([
  ['src/core/compiled.ts', `${BUNDLED}/compiled.ts`],
  ['src/sandbox/command.ts', `${BUNDLED}/sandbox-command.ts`],
  ['src/integrity/attestations/verify-attestation.ts', `${BUNDLED}/left-out.ts`],
  ['src/integrity/oms/compare.ts', `${BUNDLED}/left-out.ts`],
  ['src/integrity/oms/statement.ts', `${BUNDLED}/left-out.ts`],
  ['src/integrity/oms/verify.ts', `${BUNDLED}/left-out.ts`],
  ['src/pipeline/evaluate/attestation-check.ts', `${BUNDLED}/left-out.ts`],
  ['src/policy/tests/with-tests.ts', `${BUNDLED}/left-out.ts`],
  ['src/pipeline/evaluate/with-training.ts', `${BUNDLED}/left-out.ts`],
  ['src/pipeline/signature/gits-own.ts', `${BUNDLED}/left-out.ts`],
  ['src/pipeline/rebuild/run-thread.ts', `${BUNDLED}/left-out.ts`],
  ['src/sandbox/tasks/onnx-session/index.ts', `${BUNDLED}/left-out.ts`],
  ['src/sandbox/tasks/images/index.ts', `${BUNDLED}/left-out.ts`],
  ['src/sandbox/tasks/parquet.ts', `${BUNDLED}/left-out.ts`],
  ['src/sandbox/tasks/sql/index.ts', `${BUNDLED}/left-out.ts`],
  ['src/sandbox/tasks/tokenizer/index.ts', `${BUNDLED}/left-out.ts`],
]);
