import { isVerified, verifyModel } from '../../../pipeline/judging/index.ts';
import { renderVerification, renderVerificationJson, type Verification } from '../../../report/index.ts';
import { openSink, Progress, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { VerifyFlags } from './request.ts';

/** Hashes an artifact, compares it with its signature, and reports. */
export async function runVerify(ref: string, flags: VerifyFlags, shell: Shell): Promise<void> {
  const sink = await openSink(flags.output, shell);
  const progress = new Progress(shell, !flags.quiet);
  try {
    const verification = await verifyModel(ref, flags, {
      env: shell.env,
      signal: shell.signal,
      onEvent: progress.onEvent,
      offline: flags.offline,
    });
    progress.end();
    const holds = isVerified(verification, flags.allowPartial);
    if (!holds || !flags.quiet || flags.output !== undefined) {
      sink.write(render(verification, flags, shell));
      await sink.commit();
    }
    shell.exit(holds ? 0 : 1);
  } finally {
    progress.end();
  }
}

function render(verification: Verification, flags: VerifyFlags, shell: Shell): string {
  if (flags.format === 'json') return renderVerificationJson(verification);
  return renderVerification(verification, {
    width: flags.output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true }),
    color: flags.output === undefined && wantsColor(shell.stdout, shell.env, flags.color),
    verbose: flags.verbose,
  });
}
