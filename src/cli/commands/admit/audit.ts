import type { AuditReport, KubeClient } from '../../../../admission-webhook/src/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import { openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import { auditText } from './audit-text.ts';
import { readManifestFile } from './manifest-file.ts';
import type { AdmitAuditRequest } from './request.ts';

/** Reports running workloads that would be refused. Nothing is changed. */
export async function runAdmitAudit(request: AdmitAuditRequest, shell: Shell): Promise<void> {
  const { format, output } = request;
  const sink = await openSink(output, shell);
  const report = await auditOf(request, shell);
  if (format === 'json') sink.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const color = output === undefined && wantsColor(shell.stdout, shell.env, request.color);
    const width = output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true });
    sink.write(auditText(report, { width, color }));
  }
  await sink.commit();
  if (request.proposals !== undefined) await writeProposals(request.proposals, report, shell);
  if (request.baseline !== undefined) await writeBaseline(request.baseline, report, shell);
  if (!report.complete) shell.exit(2);
  if (report.totals.deny > 0) shell.exit(1);
}

async function auditOf({ webhook, file, namespaces }: AdmitAuditRequest, shell: Shell): Promise<AuditReport> {
  const { auditCluster, listedSource, openAuditWebhook, openCluster, openKube } = await import(
    '../../../../admission-webhook/src/index.ts'
  );
  const { env, signal } = shell;
  const isMap = /^configmap:/i.test(webhook.snapshot.from);
  const kube: KubeClient | null =
    file === undefined || isMap ? await openKube({ kubeconfig: webhook.kubeconfig, env }) : null;
  try {
    const source =
      file === undefined && kube !== null
        ? await openCluster(kube, namespaces, signal)
        : listedSource(await readManifestFile(file ?? '-'), file ?? '-', namespaces);
    const opened = await openAuditWebhook(webhook, kube, source.labelsOf, env);
    return await auditCluster(source, opened, new Date());
  } finally {
    await kube?.close();
  }
}

/** Approvals as commands, and exceptions as a part of an AdmissionConfig: nothing holds before people review it. */
async function writeProposals(path: string, { onboarding }: AuditReport, shell: Shell): Promise<void> {
  const { exceptionsYaml } = await import('../../../../admission-webhook/src/index.ts');
  const sink = await openSink(path, shell);
  const { approvals, exceptions, others } = onboarding;
  sink.write(
    '# What would admit the containers that are unresolved. Review each; owner, reason and expires are yours to write.\n',
  );
  for (const { image, containers } of approvals)
    sink.write(
      `# assay approve ${terminalText(`oci://${image}`)} --as program   # ${count(containers, 'container')}\n`,
    );
  for (const { namespace, object, container, why } of others)
    sink.write(
      `# not by these: ${terminalText(`${namespace ?? ''} ${object}, container ${container ?? ''}: it ${why ?? ''}`)}\n`,
    );
  sink.write(exceptionsYaml(exceptions));
  await sink.commit();
}

/** What somebody then signs, or a part of an AdmissionConfig. */
async function writeBaseline(path: string, { onboarding }: AuditReport, shell: Shell): Promise<void> {
  const sink = await openSink(path, shell);
  sink.write(
    '# What ran at the audit. Sign it: assay attestation create --type baseline --templates FILE (see its --help). As a part of an AdmissionConfig,\n# owner, reason and expires are yours to write; nothing is read before.\n',
  );
  sink.write('baseline:\n  owner: ""\n  reason: ""\n  expires: ""\n  templates:\n');
  for (const template of onboarding.templates) sink.write(`    - ${template}\n`);
  await sink.commit();
}
