import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../../cli/run-cli.ts';
import { hasKube, KUBE_HOW, type KubeObject, type WebhookOptions } from '../../support/kube/index.ts';

const CHART = join(ROOT, 'admission-webhook/helm/assay-admission');
const built = join(ROOT, '.cache/helm/helm');
const HELM = existsSync(built) ? built : 'helm';

/** The namespace and the name of the installation. */
export const OWN_NAMESPACE = 'assay-system';
export const RELEASE = 'gate';

export const hasGround = hasKube && spawnSync(HELM, ['version'], { stdio: 'ignore' }).status === 0;
export const HOW_GROUND = `${KUBE_HOW}; GOBIN=$PWD/.cache/helm go install helm.sh/helm/v3/cmd/helm@v3.18.6`;
/** For `requirePart`. */
export const GROUND_PART = 'kube-apiserver, etcd and Helm';

/**
 * The chart, as `helm template` writes it for a first look: there is no service that gives snapshots.
 * @param values as `--set` has them
 * @param json as `--set-json` has them
 */
export function renderChart(values: readonly string[], json: readonly string[] = []): readonly KubeObject[] {
  const sets = [...values.flatMap((value) => ['--set', value]), ...json.flatMap((value) => ['--set-json', value])];
  const firstLook = join(CHART, 'values-first-look.yaml');
  const flags = ['--namespace', OWN_NAMESPACE, '--kube-version', '1.34.0', '--values', firstLook];
  const args = ['template', RELEASE, CHART, ...flags, ...sets];
  const { status, stdout, stderr } = spawnSync(HELM, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** The webhooks of the chart, each called at an address of this machine in place of its Service. */
export function webhooksOf(rendered: readonly KubeObject[], url: string, caBundle: string): readonly WebhookOptions[] {
  return rendered.flatMap(({ kind, webhooks }) => {
    const type = /^(Validating|Mutating)WebhookConfiguration$/.exec(kind)?.[1]?.toLowerCase();
    if (type !== 'validating' && type !== 'mutating') return [];
    return (webhooks as readonly Readonly<Record<string, never>>[]).map((webhook): WebhookOptions => {
      const { clientConfig, ...more } = webhook;
      const path = (clientConfig as unknown as { service: { path: string } }).service.path;
      const name = String(more.name).split('.')[0] ?? '';
      return { url: `${url}${path}`, caBundle, type, name, more };
    });
  });
}
