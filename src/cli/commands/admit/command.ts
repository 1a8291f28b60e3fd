import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { type AdmitFlags, serveOf, stageOf, statusRequestOf, webhookOf } from './flags.ts';
import { ADMIT_GUIDE, STATUS_GUIDE } from './guide.ts';

export function registerAdmit(program: Command, shell: Shell): void {
  const admit = program
    .command('admit')
    .summary('the gate of a Kubernetes cluster; what a manifest loads; what a cluster runs')
    .description(
      'Answers the admission reviews of a Kubernetes API server from a signed snapshot, and looks before it.',
    );
  addOptions(admit)
    .addHelpText('after', ADMIT_GUIDE)
    .action((flags: AdmitFlags) => runAdmit(flags, shell));
  admit
    .command('status')
    .description('Says how a gate fares: its snapshot, its certificate, its last decisions.')
    .option('--metrics-url <url>', 'where --metrics-listen of the gate is', 'http://127.0.0.1:8444')
    .option('--url <url>', 'the webhook itself instead: https://host:port; asks for the token')
    .option('--ca <file>', 'the authority of its certificate (PEM)')
    .option('--client-token-file <file>', 'the token that the API server shows it')
    .addOption(formatOption())
    .option('-o, --output <file>', 'write the report there, whole or not at all, instead of to stdout')
    .option('--no-color', 'never colour')
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
    .optionsGroup('What to do (without one of these: serve):')
    .option('--explain', 'list what a manifest loads, and why')
    .option('--audit', 'ask a cluster what runs now, and would be refused')
    .option('--fallback', 'write a ValidatingAdmissionPolicy that decides by the snapshot without a webhook')
    .optionsGroup('Where decisions come from:')
    .option('--snapshot <place>', 'a file, https://service, configmap://namespace/name/key, oci://registry/name:tag')
    .option('--snapshot-key <file>', 'public key of who signs it (PEM), or a trust file (YAML)')
    .option('--snapshot-token-file <file>', 'the token that the service or the registry asks for')
    .option('--tenant <name>', 'whose decisions; others are refused')
    .option('--state <folder>', 'keep the last good snapshot there, over a restart')
    .option('--floor <place>', 'configmap://namespace/name: keeps the version below which no snapshot is taken')
    .option('--require-floor', 'take no snapshot while the floor cannot be read', false)
    .option('--poll <seconds>', 'how often to look for a newer one, about', '60')
    .option('--config <file>', 'what holds in which namespace (AdmissionConfig, YAML)')
    .option('--break-glass <folder>', 'signed waivers for emergencies')
    .option('--break-glass-trust <file>', 'trust file: who may sign them')
    .option('--watch-namespaces', 'learn the labels of namespaces from the cluster', false)
    .option('--kubeconfig <file>', 'of the cluster, or http://127.0.0.1:8001 of kubectl proxy; else as kubectl does')
    .option('--namespace <name>', 'the namespace that the gate itself runs in: never blocked')
    .option('--service-url <url>', 'address of the service, for messages')
    .optionsGroup('Serving:')
    .option('-l, --listen <host:port>', 'where the API server asks: POST /validate, POST /mutate')
    .option('--metrics-listen <host:port>', 'metrics, health and status without TLS, for Prometheus')
    .option('--tls-cert <file>', 'certificate chain (PEM); read again when it changes')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option(
      '--self-signed',
      'make an authority and certificates, keep them in a Secret, and write them into the webhook configurations',
      false,
    )
    .option('--service <name>', 'with it: the Service that leads here')
    .option('--secret <name>', 'with it: the Secret', 'assay-admission-tls')
    .option('--webhook-config <name>', 'with it: the webhook configurations to update (repeatable)', collect, [])
    .option('--client-ca <file>', 'authority of the API server: only its certificates may ask')
    .option('--client-name <name>', 'and only with this common name (repeatable)', collect, [])
    .option('--client-token-file <file>', 'the token that the API server shows: only with it may one ask')
    .option('--drain <seconds>', 'how long to keep answering after a signal to end, until no request comes here', '5')
    .addOption(new Option('--log <what>', 'to stdout').choices(['decisions', 'denials', 'none']).default('decisions'))
    .optionsGroup('Reports:')
    .option('-f, --file <file>', 'with --explain, and --audit without a cluster: YAML or JSON; - for standard input')
    .option('--stage <stage>', 'with --fallback: what is approved for it, for the namespaces of that stage')
    .option('-n, --in-namespace <name>', 'with --audit: only there (repeatable)', collect, [])
    .addOption(formatOption())
    .option('-o, --output <file>', 'write the report there, whole or not at all, instead of to stdout')
    .option('--no-color', 'never colour');
}

function formatOption(): Option {
  return new Option('--format <format>', 'how to report').choices(['table', 'json']).default('table');
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
    throw new AssayError('usage', 'does one thing at a time', { subject: 'admit', hint });
  }
  if (explain === true) {
    if (file === undefined) {
      const hint = 'give --explain -f manifest.yaml';
      throw new AssayError('usage', 'no manifest is named', { subject: 'admit', hint });
    }
    const { runAdmitExplain } = await import('./explain.ts');
    await runAdmitExplain({ file, format, output, color }, shell);
  } else if (audit === true) {
    const request = { webhook: webhookOf(flags), file, namespaces: flags.inNamespace, format, output, color } as const;
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
