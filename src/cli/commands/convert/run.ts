import { isAssayError } from '../../../core/index.ts';
import { ConversionMismatch, convertArtifact } from '../../../pipeline/convert/index.ts';
import { loadKnowledge } from '../../../pipeline/judging/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { signingWay } from '../../signing/index.ts';
import { openSink, Progress, printError, type Shell } from '../../terminal/index.ts';
import type { ConvertRequest } from './request.ts';
import { conversionText } from './text.ts';

/** Converts a model, and says what became of it. A verdict that forbids it is recorded as a denial. */
export async function runConvert(request: ConvertRequest, shell: Shell): Promise<void> {
  const knowledge = await loadKnowledge(request.allow, request.ruleset, shell.env);
  const sink = request.report === undefined ? undefined : await openSink(request.report, shell, '--report');
  // A key that cannot be used is said before anything is scanned.
  const way = request.signing === undefined ? undefined : await signingWay(request.signing, shell);
  const progress = new Progress(shell, !request.quiet);
  const { signal } = shell;
  try {
    const artifact = await openArtifact(request.artifact, { signal, env: shell.env });
    try {
      const { target, output, inputShape, salvage, acceptSuspicious, verify, sandbox: asked } = request;
      const sandbox = asked === undefined ? undefined : { ...asked, env: shell.env };
      const conversion = await convertArtifact(
        artifact,
        (one) => knowledge.assess(one, { signal, onEvent: progress.onEvent }),
        {
          target,
          folder: output,
          ...(inputShape === undefined ? {} : { inputShape }),
          salvage,
          acceptSuspicious,
          verify,
          sandbox,
          attest: way?.signer,
          signal,
          onEvent: progress.onEvent,
        },
      );
      progress.end();
      sink?.write(`${JSON.stringify(conversion, undefined, 2)}\n`);
      await sink?.commit();
      if (!request.quiet) shell.stdout.write(conversionText(conversion, output, request.verbose, way?.who()));
    } finally {
      await artifact.close();
    }
  } catch (error) {
    progress.end();
    if (error instanceof ConversionMismatch) {
      sink?.write(`${JSON.stringify(error.conversion, undefined, 2)}\n`);
      await sink?.commit();
    } else if (!isAssayError(error) || error.code !== 'refused') throw error;
    printError(shell, error);
    shell.exit(1);
  } finally {
    progress.end();
    await way?.close();
  }
}
