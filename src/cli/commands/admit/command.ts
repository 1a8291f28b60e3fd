import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { type AdmitFlags, serveOf, stageOf, statusRequestOf, webhookOf } from './flags.ts';
import { ADMIT_GUIDE, STATUS_GUIDE } from './guide.ts';

export function registerAdmit(program: Command, shell: Shell): void {
  const admit = program
    .command('admit')
    .summary('the admission webhook of a cluster; lists what a manifest or a cluster loads')
    .description('Serves the admission webhook from a signed snapshot, or analyses a manifest or a cluster.');
  addOptions(admit)
    .addHelpText('after', ADMIT_GUIDE)
    .action((flags: AdmitFlags) => runAdmit(flags, shell));
  admit
    .command('status')
    .description('Shows the state of a running webhook: its snapshot, its certificate, its last decisions.')
    .option(
      '--metrics-url <url>',
      'the address that the webhook was given with --metrics-listen',
      'http://127.0.0.1:8444',
    )
    .option('--url <url>', 'the webhook port instead: https://host:port; needs the token')
    .option('--ca <file>', 'the authority that issued its certificate (PEM)')
    .option('--client-token-file <file>', 'the token that the API server sends to it')
    .addOption(formatOption())
    .option('-o, --output <file>', 'write the report to this file, atomically, instead of stdout')
    .option('--no-color', 'disable colour')
    .addHelpText('after', STATUS_GUIDE)
    .action(async (_flags: unknown, command: Command) => {
      // Those that the verb itself has, too, are given to it.
      const request = statusRequestOf(command.optsWithGlobals());
      const { runAdmitStatus } = await import('./status.ts');
      await runAdmitStatus(request, shell);
    });
}

function addOptions(command: Command): Command {
  return command
    .optionsGroup('Mode (default: serve):')
    .option('--explain', 'list the models that a manifest loads, and why')
    .option('--audit', 'list the running workloads of a cluster that would be refused')
    .option('--fallback', 'write a ValidatingAdmissionPolicy that decides by the snapshot without a webhook')
    .optionsGroup('Where decisions come from:')
    .option('--snapshot <place>', 'a file, https://service, configmap://namespace/name/key, oci://registry/name:tag')
    .option('--snapshot-key <file>', 'public key of who signs it (PEM), or a trust file (YAML)')
    .option('--snapshot-token-file <file>', 'the token for the service or the registry')
    .option('--tenant <name>', 'the tenant; snapshots of other tenants are refused')
    .option('--state <folder>', 'keep the last good snapshot in this folder across restarts')
    .option('--floor <place>', 'configmap://namespace/name: stores the lowest snapshot version that is accepted')
    .option('--require-floor', 'accept no snapshot while the floor cannot be read', false)
    .option('--poll <seconds>', 'interval between checks for a newer snapshot', '60')
    .option('--config <file>', 'the rules of each namespace (AdmissionConfig, YAML)')
    .option('--break-glass <folder>', 'signed waivers for emergencies')
    .option('--break-glass-trust <file>', 'trust file that lists who can sign them')
    .option('--watch-namespaces', 'watch the labels of namespaces in the cluster', false)
    .option('--kubeconfig <file>', 'the kubeconfig, or http://127.0.0.1:8001 of kubectl proxy (default: as kubectl)')
    .option('--namespace <name>', 'the namespace of the webhook itself, which it never blocks')
    .option('--service-url <url>', 'address of the service, shown in messages')
    .optionsGroup('Serving:')
    .option('-l, --listen <host:port>', 'address for the API server: POST /validate, POST /mutate')
    .option('--metrics-listen <host:port>', 'address for metrics, health and status without TLS, for Prometheus')
    .option('--tls-cert <file>', 'certificate chain (PEM); reloaded when it changes')
    .option('--tls-key <file>', 'the private key of the certificate (PEM)')
    .option(
      '--self-signed',
      'make an authority and certificates, keep them in a Secret, and write them into the webhook configurations',
      false,
    )
    .option('--service <name>', 'with --self-signed: the Service of the webhook')
    .option('--secret <name>', 'with --self-signed: the Secret', 'assay-admission-tls')
    .option(
      '--webhook-config <name>',
      'with --self-signed: the webhook configurations to update (repeatable)',
      collect,
      [],
    )
    .option('--client-ca <file>', 'require client certificates from this authority of the API server')
    .option('--client-name <name>', 'accept only this common name in client certificates (repeatable)', collect, [])
    .option('--client-token-file <file>', 'require this token from the API server')
    .option('--drain <seconds>', 'seconds to keep answering after a stop signal', '5')
    .addOption(
      new Option('--log <what>', 'what to log to stdout')
        .choices(['decisions', 'denials', 'none'])
        .default('decisions'),
    )
    .optionsGroup('Reports:')
    .option('-f, --file <file>', 'for --explain, and --audit without a cluster: YAML or JSON; - for stdin')
    .option('--stage <stage>', 'for --fallback: the stage whose approvals and namespaces it covers')
    .option('-n, --in-namespace <name>', 'for --audit: only this namespace (repeatable)', collect, [])
    .option(
      '--baseline <file>',
      'for --audit: write what runs now as a baseline, which goes on with a warning until its end',
    )
    .option(
      '--proposals <file>',
      'for --audit: write the approvals and exceptions that would admit the rest, for review',
    )
    .addOption(formatOption())
    .option('-o, --output <file>', 'write the report to this file, atomically, instead of stdout')
    .option('--no-color', 'disable colour');
}

function formatOption(): Option {
  return new Option('--format <format>', 'output format').choices(['table', 'json']).default('table');
}

function collect(text: string, texts: readonly string[]): readonly string[] {
  return [...texts, text];
}

async function runAdmit(flags: AdmitFlags, shell: Shell): Promise<void> {
  const { file, output, color, explain, audit, fallback } = flags;
  const format = flags.format === 'json' ? 'json' : 'table';
  const chosen = [explain, audit, fallback].filter((flag) => flag === true).length;
  if (chosen > 1) {
    const hint = 'give one of --explain, --audit and --fallback';
    throw new AssayError('usage', 'has more than one mode', { subject: 'admit', hint });
  }
  if (explain === true) {
    if (file === undefined) {
      const hint = 'give --explain -f manifest.yaml';
      throw new AssayError('usage', 'no manifest is named', { subject: 'admit', hint });
    }
    const { runAdmitExplain } = await import('./explain.ts');
    await runAdmitExplain({ file, format, output, color }, shell);
  } else if (audit === true) {
    const { inNamespace: namespaces, proposals, baseline } = flags;
    const request = {
      webhook: webhookOf(flags),
      file,
      namespaces,
      proposals,
      baseline,
      format,
      output,
      color,
    } as const;
    const { runAdmitAudit } = await import('./audit.ts');
    await runAdmitAudit(request, shell);
  } else if (fallback === true) {
    const request = { webhook: webhookOf(flags), stage: stageOf(flags), output };
    const { runAdmitFallback } = await import('./fallback.ts');
    await runAdmitFallback(request, shell);
  } else {
    const request = serveOf(flags);
    const { runAdmitServe } = await import('./serve.ts');
    await runAdmitServe(request, shell);
  }
}
