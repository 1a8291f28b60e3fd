import { terminalText } from '../../../report/index.ts';
import { openSink, type Shell } from '../../terminal/index.ts';
import type { AdmitFallbackRequest } from './request.ts';

/** Where the chart puts the webhook. */
const NAMESPACE = 'assay';
/** References that are told of by name, when they cannot be in the list. */
const TOLD = 10;

/** Writes policies of the API server that refuse what a snapshot does not approve. */
export async function runAdmitFallback(request: AdmitFallbackRequest, shell: Shell): Promise<void> {
  const { webhook, stage, output } = request;
  const sink = await openSink(output, shell);
  const { fallbackManifests, readSnapshotFile } = await import('../../../../admission-webhook/src/index.ts');
  const now = new Date();
  const document = await readSnapshotFile(webhook.snapshot, now);
  const namespace = webhook.ownNamespace ?? NAMESPACE;
  const made = fallbackManifests(document, { now, namespace, ...(stage === undefined ? {} : { stage }) });
  sink.write(made.yaml);
  await sink.commit();
  for (const { reference, why } of made.leftOut.slice(0, TOLD)) {
    shell.stderr.write(`assay: warning: ${terminalText(`${reference} is left out, so it is refused: ${why}`)}\n`);
  }
  const more = made.leftOut.length - TOLD;
  if (more > 0) shell.stderr.write(`assay: warning: and ${more} more\n`);
  const lists = `${made.references} approved references, good until ${document.expires}`;
  shell.stderr.write(`assay: ${lists}; regenerate it for every snapshot\n`);
  shell.stderr.write(
    'assay: warning: it has no postures: it admits images that nobody approved, and programs that it does not recognise; the head of the file lists all\n',
  );
}
