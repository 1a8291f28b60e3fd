import type { AuditedObject, AuditReport } from '../../../../admission-webhook/src/index.ts';
import { withHint } from '../../../core/index.ts';
import { count, type Ink, TextPage, terminalText } from '../../../report/index.ts';
import { columnsText } from '../../terminal/index.ts';

interface Look {
  readonly width: number;
  readonly color: boolean;
}

/** Objects that are told of one by one; `--format json` has all of them. */
const MAX_SHOWN = 500;
const INKS: Readonly<Record<string, Ink>> = { deny: 'red', warn: 'yellow', audit: 'dim' };

/** For people: unreadable kinds, each namespace, and each object that would not be admitted without a remark. */
export function auditText(report: AuditReport, look: Look): string {
  return [
    headText(report, look),
    namespacesText(report, look),
    objectsText(report, look),
    posturesText(report, look),
    totalText(report, look),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function headText({ from, snapshot, problems }: AuditReport, { width, color }: Look): string {
  const page = new TextPage(width, color);
  page.row('asked', terminalText(from));
  const ends = snapshot.expired ? `EXPIRED at ${snapshot.expires}: it approves nothing` : `ends ${snapshot.expires}`;
  const ink = snapshot.expired ? 'red' : undefined;
  page.row('snapshot', terminalText(`version ${snapshot.version} from ${snapshot.from}, ${ends}`), ink);
  for (const { subject, message, mend: hint } of problems) {
    page.row('NOT SEEN', terminalText(`${subject}: ${withHint({ message, hint })}`), 'yellow', 'yellow');
  }
  return page.toString();
}

function namespacesText({ namespaces }: AuditReport, { color }: Look): string {
  if (namespaces.length === 0) return '';
  const rows = namespaces.map(({ name, mode, stage, allow, audit, warn, deny }) => [
    terminalText(name ?? '(none)'),
    mode,
    terminalText(stage ?? 'any'),
    ...[allow + audit, warn, deny].map(String),
  ]);
  const ink = (column: number, text: string) => (text === '0' ? 'dim' : column === 5 ? 'red' : undefined);
  return columnsText(['NAMESPACE', 'NOW', 'STAGE', 'LET THROUGH', 'WARNED', 'REFUSED'], rows, { color, ink });
}

function objectsText({ objects }: AuditReport, { width, color }: Look): string {
  const page = new TextPage(width, color);
  const told = objects.filter(({ action }) => action !== 'allow');
  for (const one of told.slice(0, MAX_SHOWN)) objectRows(page, one);
  if (told.length > MAX_SHOWN) {
    page.gap();
    page.row('', `and ${told.length - MAX_SHOWN} more: --format json lists them`, 'dim');
  }
  return page.toString();
}

function objectRows(page: TextPage, one: AuditedObject): void {
  const { kind, namespace, name, action, rulings, under, owner } = one;
  const place = `${kind} ${namespace === null ? name : `${namespace}/${name}`}`;
  const led = under === 0 ? '' : ` and ${under} that it led to`;
  const made = owner === null ? '' : ` of ${owner}, which does not contain this`;
  page.gap();
  const label = { deny: 'refused', warn: 'warned', audit: 'noted', allow: '' }[action];
  page.row(label, terminalText(place + led + made), 'bold', INKS[action]);
  for (const ruling of rulings.filter((said) => said.action === action)) {
    page.row('', terminalText(`${ruling.outcome}: ${ruling.message}`));
  }
}

function posturesText({ onboarding }: AuditReport, { color }: Look): string {
  const { postures } = onboarding;
  if (postures.length === 0) return '';
  const rows = postures
    .slice(0, MAX_SHOWN)
    .map(({ namespace, object, container, posture, program, why, exception }) => [
      terminalText(namespace ?? '(none)'),
      terminalText(object),
      terminalText(container ?? ''),
      posture,
      terminalText(why ?? (exception === null ? (program ?? '') : `by ${exception}`)),
    ]);
  const ink = (column: number, text: string) => (column === 3 ? (text === 'unresolved' ? 'yellow' : 'dim') : undefined);
  return columnsText(['NAMESPACE', 'OBJECT', 'CONTAINER', 'POSTURE', 'WHY'], rows, { color, ink });
}

function totalText({ totals, complete, onboarding }: AuditReport, { width, color }: Look): string {
  const page = new TextPage(width, color);
  const { objects, under, finished, off, goingOn, deny, warn } = totals;
  page.parts([
    `${objects} objects`,
    `${deny} would be refused`,
    `${warn} warned`,
    ...(goingOn === 0 ? [] : [`${goingOn} go on by a baseline`]),
    ...(under === 0 ? [] : [`${under} created by others`]),
    ...(finished === 0 ? [] : [`${finished} finished`]),
    ...(off === 0 ? [] : [`${off} in namespaces with the webhook off`]),
    ...(complete ? [] : ['INCOMPLETE']),
  ]);
  const { containers, ready, goingOn: alike, approvals, exceptions, others } = onboarding;
  page.parts([
    `${ready} of ${containers} containers are ready`,
    ...(alike === 0 ? [] : [`${alike} more go on by a baseline`]),
    `${count(approvals.length, 'image')} to approve`,
    `${count(exceptions.length, 'exception')} to review`,
    ...(others.length === 0 ? [] : [`${others.length} need another image or other words`]),
  ]);
  return page.toString();
}
