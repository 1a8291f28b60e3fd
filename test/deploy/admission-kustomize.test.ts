import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../cli/run-cli.ts';
import type { KubeObject } from '../support/kube/index.ts';
import { requirePart } from '../support/parts.ts';
import { HELM_HOW, hasHelm, objectsOf, render } from './admission-chart.ts';

const built = join(ROOT, '.cache/kustomize/kustomize');
const KUSTOMIZE = existsSync(built) ? built : 'kustomize';
const hasKustomize = spawnSync(KUSTOMIZE, ['version'], { stdio: 'ignore' }).status === 0;
const HOW = `GOBIN=$PWD/.cache/kustomize go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1; ${HELM_HOW}`;

/** Each folder, with the chart values that give the same result. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  'overlays/all-except': ['gate.mode=all-except'],
  'overlays/cert-manager': ['tls.mode=cert-manager'],
  'overlays/monitoring': [
    'metrics.serviceMonitor.enabled=true',
    'metrics.rules.enabled=true',
    'metrics.dashboard.enabled=true',
  ],
};

/** Labels of Helm and its resource policy are not for Kustomize. */
function withoutHelm(object: KubeObject): KubeObject {
  const { labels, annotations, ...metadata } = Object(object.metadata);
  const { 'app.kubernetes.io/managed-by': _by, 'helm.sh/chart': _chart, ...own } = Object(labels);
  const { 'helm.sh/resource-policy': _policy, ...told } = Object(annotations);
  const more = Object.keys(told).length > 0 ? { annotations: told } : {};
  return { ...object, metadata: { ...metadata, labels: own, ...more } };
}

/** What Helm runs by `helm test` is not installed. */
function isKept({ metadata }: KubeObject): boolean {
  return !Object.hasOwn(Object(Object(metadata).annotations), 'helm.sh/hook');
}

function byName(objects: readonly KubeObject[]): Readonly<Record<string, KubeObject>> {
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata?.name}`, object]));
}

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;

requirePart('kubectl', hasKubectl, 'apt-get install kubectl, or see kubernetes.io', 'the Kustomize of kubectl', () => {
  it.each(Object.keys(FOLDERS))('builds %s', (folder) => {
    const path = join(ROOT, 'admission-webhook/kustomize', folder);
    const { status, stdout } = spawnSync('kubectl', ['kustomize', path], { encoding: 'utf8' });
    expect({ status, objects: objectsOf(stdout).length > 15 }).toEqual({ status: 0, objects: true });
  });
});

requirePart('Kustomize and Helm', hasKustomize && hasHelm, HOW, "the webhook's Kustomize folder", () => {
  it.each(Object.entries(FOLDERS))(
    '%s equals the rendered chart (otherwise run scripts/admission-manifests.mjs)',
    (folder, values) => {
      const path = join(ROOT, 'admission-webhook/kustomize', folder);
      const { status, stdout, stderr } = spawnSync(KUSTOMIZE, ['build', path], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const built = byName(objectsOf(stdout));
      expect(Object.keys(built).length).toBeGreaterThan(15);
      expect(built).toEqual(byName(render(values).filter(isKept).map(withoutHelm)));
    },
  );
});
