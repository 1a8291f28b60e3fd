import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startService } from '../../src/service/service.ts';
import { ROOT } from '../cli/run-cli.ts';
import { freePort } from '../support/free-port.ts';
import { requirePart } from '../support/parts.ts';
import { testConfig } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';

const FOLDER = join(ROOT, 'deploy/helm/assay/monitoring');
const ALERTS = join(FOLDER, 'alerts.yaml');
const own = join(ROOT, '.cache/promtool/promtool');
const PROMTOOL = existsSync(own) ? own : 'promtool';
const hasPromtool = spawnSync(PROMTOOL, ['--version'], { stdio: 'ignore' }).status === 0;
const HOW = "put promtool of Debian's package prometheus into .cache/promtool, as .ci/run does";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules: readonly Rule[] = parse(readFileSync(ALERTS, 'utf8')).groups.flatMap(
  ({ rules }: { readonly rules: readonly Rule[] }) => rules,
);
const { panels }: { readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(join(FOLDER, 'dashboard.json'), 'utf8'),
);
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** What the service exports: the names of series, each with the labels that its series have. */
type Exported = ReadonlyMap<string, ReadonlySet<string>>;

function exportedOf(text: string): Exported {
  const labels = new Map<string, Set<string>>();
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) labels.set(name + end, new Set());
  for (const [, name = '', pairs = ''] of text.matchAll(/^([a-z_][\w:]*)\{(.*)\} \S+$/gim))
    for (const [, label = ''] of pairs.matchAll(/(\w+)="/g)) labels.get(name)?.add(label);
  return labels;
}

const OPERATORS = ['by', 'and', 'or', 'unless', 'on'];

interface Used {
  readonly names: readonly string[];
  readonly labels: readonly string[];
}

/** The names and labels of an expression of PromQL, of the subset that the files use. */
function usedIn(expr: string): Used {
  const matchers = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
    [...inner.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => inner.split(/,\s*/));
  const bare = expr.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, ' ');
  const words = [...bare.matchAll(/[a-z_][\w:]*(?!\w*\s*\()/gi)].map(([word]) => word);
  return { names: words.filter((word) => !OPERATORS.includes(word)), labels: [...matchers, ...grouped] };
}

/** Prometheus itself adds the instance. */
const isKnown = (exported: Exported, { names, labels }: Used) =>
  names.length > 0 &&
  names.every((name) => exported.has(name)) &&
  labels.every((label) => label === 'instance' || names.some((name) => exported.get(name)?.has(label)));

describe('the alert rules and the dashboard', () => {
  let exported: Exported = new Map();

  beforeAll(async () => {
    const metrics = { host: '127.0.0.1', port: await freePort() };
    const config = await testConfig(tempFolder(), { metrics, workers: 1 });
    const service = await startService(config, { tell: () => {} });
    try {
      const headers = { authorization: `Bearer ${service.firstToken}` };
      const asked = await fetch(`${service.url}/v1/decisions?digest=sha256:${'a'.repeat(64)}`, { headers });
      expect(asked.status).toBe(200);
      exported = exportedOf(await (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text());
    } finally {
      await service.close();
    }
  });

  it.each(expressions)('%s: uses metrics and labels that the running service exports', (_, expr) => {
    expect({ ...usedIn(expr), known: isKnown(exported, usedIn(expr)) }).toMatchObject({ known: true });
  });

  it.each([
    'sum(assay_queue_length)',
    'sum(rate(assay_http_request_duration_seconds[5m]))',
    'max by (tenant) (assay_jobs)',
    'max(assay_jobs{status="failed"})',
    'vector(1)',
  ])('the check finds that %s is not of this service', (expr) => {
    expect(isKnown(exported, usedIn(expr))).toBe(false);
  });

  it('alerts have a severity, a summary and a description, and are those of the guide', () => {
    const guide = readFileSync(join(ROOT, 'docs/service.md'), 'utf8');
    const named = [...guide.matchAll(/^\| `(Assay\w+)` \|/gm)].map(([, name]) => name);
    expect(named).toEqual(rules.map(({ alert }) => alert));
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\.$/);
      expect(annotations.description).toMatch(/\.$/);
    }
  });

  it('panels have ids and places of their own, and legends with labels that their expressions keep', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x}/${y}`)).size).toBe(panels.length);
    for (const { gridPos, targets } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (const { expr, legendFormat } of targets)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(usedIn(expr).labels, expr).toContain(label);
    }
  });
});

requirePart('promtool', hasPromtool, HOW, 'the alert rules, by promtool', () => {
  const folder = tempFolder();
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('pass its check', () => {
    const { status, said } = promtool('check', 'rules', '--lint=all', '--lint-fatal', ALERTS);
    expect(said).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  it('fire for what they are there for, and not without it', () => {
    const series = (name: string, values: string) => ({ series: name, values });
    const at = (eval_time: string, alertname: string, fires: boolean, labels: object = {}) => ({
      eval_time,
      alertname,
      exp_alerts: fires
        ? [{ exp_labels: { ...labels, severity: rules.find(({ alert }) => alert === alertname)?.labels.severity } }]
        : [],
    });
    const cases = [
      {
        interval: '1m',
        input_series: [
          series('assay_queue_depth{state="waiting"}', '150x60'),
          series('assay_queue_depth{state="active"}', '0x60'),
          series('assay_snapshot_age_seconds', '0+60x2000'),
          series('assay_jobs{kind="scan",state="failed"}', '0+1x60'),
          series('assay_jobs{kind="test",state="failed"}', '7x60'),
        ],
        alert_rule_test: [
          at('10m', 'AssayQueueLong', false),
          at('20m', 'AssayQueueLong', true),
          at('9m', 'AssayQueueStuck', false),
          at('20m', 'AssayQueueStuck', true),
          at('50m', 'AssayJobsFail', true, { kind: 'scan' }),
          at('24h', 'AssaySnapshotOld', false),
          at('1600m', 'AssaySnapshotOld', true),
          at('50m', 'AssayAbsent', false),
          at('1200m', 'AssayAbsent', true),
          at('50m', 'AssayErrors', false),
        ],
      },
    ];
    const bare = rules.map(({ annotations: _, ...rule }) => rule);
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'assay', rules: bare }] }));
    const tests = { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: cases };
    writeFileSync(join(folder, 'test.yaml'), JSON.stringify(tests));
    expect(promtool('test', 'rules', join(folder, 'test.yaml'))).toMatchObject({ status: 0 });
  });
});
