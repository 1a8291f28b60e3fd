import { TextPage, terminalText } from '../../../report/index.ts';
import { columnsText } from '../../terminal/index.ts';
import type { ShownStatus } from './status-schema.ts';

type Decision = ShownStatus['decisions'][number];

/** Of those that a webhook remembers. */
const MAX_DECISIONS = 20;
const SOON_MS = 7 * 86_400_000;

export function statusText(status: ShownStatus, width: number, color: boolean, now: Date): string {
  const page = new TextPage(width, color);
  if (status.ready) page.row('ready', `since ${terminalText(status.startedAt)}`, undefined, 'green');
  else page.row('NOT READY', terminalText(status.notReady.join('; ')), 'red', 'red');
  snapshotRows(page, status, now);
  const { certificate } = status;
  page.row('certificate', ends(certificate.notAfter, now), isSoon(certificate.notAfter, now) ? 'yellow' : undefined);
  problemRow(page, certificate.problem);
  for (const [label, part] of [
    ['config', status.config],
    ['break-glass', status.breakGlass],
    ['clients', status.clients],
  ] as const) {
    if (part === null) continue;
    page.row(label, `read ${ago(part.loadedAt, now)}`);
    problemRow(page, part.problem);
  }
  if (status.namespaces !== null) {
    page.row('namespaces', status.namespaces.synced ? 'their labels are loaded' : 'their labels are not loaded yet');
    problemRow(page, status.namespaces.problem);
  }
  return `${page.toString()}\n${decisionsText(status.decisions, color)}`;
}

function snapshotRows(page: TextPage, { snapshot, source }: ShownStatus, now: Date): void {
  if (snapshot === null) page.row('snapshot', 'none is loaded: nothing is approved', 'red');
  else {
    const { version, tenant, entries, ageSeconds, expires, expired } = snapshot;
    page.row(
      'snapshot',
      terminalText(`version ${version} of ${tenant}, ${entries} decisions, ${time(ageSeconds)} old`),
    );
    page.row('', expired ? `it ENDED at ${terminalText(expires)}` : ends(expires, now), expired ? 'red' : 'dim');
  }
  page.row('source', terminalText(source.from));
  page.row('', `last successful check ${ago(source.lastGood, now)}; versions below ${source.floor} are refused`, 'dim');
  problemRow(page, source.problem);
}

function problemRow(page: TextPage, problem: string | null): void {
  if (problem !== null) page.row('', terminalText(problem), 'yellow');
}

function decisionsText(decisions: readonly Decision[], color: boolean): string {
  if (decisions.length === 0) return 'nothing was decided yet\n';
  const rows = decisions
    .slice(0, MAX_DECISIONS)
    .map((decision) => [
      terminalText(decision.time),
      decision.action,
      terminalText(`${decision.operation} ${decision.kind}`.trim()),
      terminalText([decision.namespace, decision.name].filter((part) => part !== '').join('/')),
      terminalText(why(decision)),
    ]);
  const ink = (column: number, text: string) =>
    column === 1 ? (text === 'deny' ? 'red' : text === 'allow' ? 'green' : 'yellow') : undefined;
  return columnsText(['TIME', 'ACTION', 'WHAT', 'OBJECT', 'WHY'], rows, { color, ink });
}

/** The gravest, and how many more. */
function why({ skipped, rulings, dryRun }: Decision): string {
  const order = ['deny', 'warn', 'audit', 'allow'];
  const [first, ...others] = [...rulings].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  const said = first === undefined ? [] : [`${first.outcome} ${first.reference ?? ''}`.trim()];
  const more = others.length > 0 ? [`and ${others.length} more`] : [];
  return [...(skipped === undefined ? [] : [skipped]), ...said, ...more, ...(dryRun ? ['dry run'] : [])].join(', ');
}

function ends(at: string | null, now: Date): string {
  if (at === null) return 'there is none';
  const rest = (Date.parse(at) - now.getTime()) / 1000;
  return rest <= 0 ? `ENDED at ${terminalText(at)}` : `until ${terminalText(at)}, in ${time(rest)}`;
}

function isSoon(at: string | null, now: Date): boolean {
  return at === null || Date.parse(at) - now.getTime() < SOON_MS;
}

function ago(at: string | null, now: Date): string {
  return at === null ? 'never' : `${time((now.getTime() - Date.parse(at)) / 1000)} ago`;
}

/** The two largest units of a time. */
function time(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
