import { isAssayError } from '../../../src/core/errors.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import type { Principal } from '../../../src/registry/index.ts';
import type { ServiceContext } from '../../../src/service/context.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';

/** Scans in this process, with the real pipeline. */
export function startWorker({ registry, queue, uploads }: Pick<ServiceContext, 'registry' | 'queue' | 'uploads'>) {
  const controller = new AbortController();
  const done = queue.work(
    async ({ job, lineage }, { signal, onProgress }) => {
      const by: Principal = { tenant: job.tenant, subject: 'worker', issuer: null, roles: ['submitter'], via: 'local' };
      try {
        const artifact = job.target.startsWith('upload:')
          ? await uploads.open(job.tenant, job.target.slice('upload:'.length))
          : await openArtifact(job.target, { signal });
        const bytes = artifact.files.reduce((sum, { size }) => sum + size, 0);
        onProgress({ filesDone: 0, files: artifact.files.length, bytesDone: 0, bytes });
        const assessment = await assess(artifact, { signal });
        onProgress({ filesDone: artifact.files.length, files: artifact.files.length, bytesDone: bytes, bytes });
        const { version } = await registry.register(by, {
          model: job.model,
          assessment,
          job: job.id,
          ...(lineage === null ? {} : { lineage }),
        });
        return { kind: 'done', version: version.id };
      } catch (error) {
        const code = isAssayError(error) ? error.code : 'internal';
        return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error), retry: false };
      }
    },
    { worker: 'test', concurrency: 2, signal: controller.signal, leaseMs: 10_000, graceMs: 1_000, tell: () => {} },
  );
  return {
    async stop() {
      controller.abort();
      await done;
    },
  };
}
