import * as v from 'valibot';
import { readSmallText } from '../../../core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { AdmitStatusRequest } from './request.ts';
import { type ShownStatus, WebhookStatusSchema } from './status-schema.ts';
import { statusText } from './status-text.ts';

/** Asks a webhook for its status. Exit code 1 when it is not ready. */
export async function runAdmitStatus(request: AdmitStatusRequest, shell: Shell): Promise<void> {
  const { url, ca, tokenFile, format, output } = request;
  const sink = await openSink(output, shell);
  const { askStatus } = await import('../../../../admission-webhook/src/index.ts');
  const body = await askStatus({
    url,
    ...(ca === undefined ? {} : { ca: await readSmallText(ca, '--ca') }),
    ...(tokenFile === undefined ? {} : { token: (await readSmallText(tokenFile, '--client-token-file')).trim() }),
  });
  const json = parseBoundedJson(body, `${url}/status`);
  const status = read(json, url);
  if (format === 'json') sink.write(`${JSON.stringify(json, null, 2)}\n`);
  else {
    const color = output === undefined && wantsColor(shell.stdout, shell.env, request.color);
    const width = output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true });
    sink.write(statusText(status, width, color, new Date()));
  }
  await sink.commit();
  if (!status.ready) shell.exit(1);
}

function read(json: unknown, url: string): ShownStatus {
  const result = v.safeParse(WebhookStatusSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const at = v.getDotPath(result.issues[0]);
  throw new AssayError('malformed', `is not the status of an Assay webhook${at === null ? '' : ` (${at})`}`, {
    subject: `${url}/status`,
    hint: 'give the address of a webhook of this version',
  });
}
