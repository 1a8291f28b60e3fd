import type { Version } from '../api/index.ts';
import { RegistryError } from '../registry-error.ts';
import { labelOf, type VersionRow } from '../rows/index.ts';
import type { Change, Context } from '../store/index.ts';
import { chainState, chainStateIn } from './follow.ts';
import type { Bar } from './told.ts';

/** As a sentence goes on: `the same bytes are quarantined as acme/model@1: why`. */
export function barText({ label, kind, reason }: Bar): string {
  const what = { quarantined: 'are quarantined', revoked: 'had their approval revoked', denied: 'are denied' }[kind];
  return `the same bytes ${what} as ${label}${reason === '' ? '' : `: ${reason}`}`;
}

/** Whether people closed these bytes. A denial by a policy is not that: approvers may still decide. */
export function isClosing({ kind }: Bar): boolean {
  return kind !== 'denied';
}

/**
 * Before bytes go any further by one name: nobody has closed them by another.
 * @throws RegistryError `denied`
 */
export async function checkNotBarred(context: Context, change: Change, version: VersionRow): Promise<void> {
  const own = labelOf(version);
  await refuse(context, change, version, ({ label }) => label !== own);
}

/** Checks, before a name is given to bytes, that nobody has closed them. @throws RegistryError `denied` */
export async function checkNotClosed(context: Context, change: Change, version: VersionRow): Promise<void> {
  await refuse(context, change, version, () => true);
}

async function refuse(
  context: Context,
  change: Change,
  { digest }: VersionRow,
  counts: (bar: Bar) => boolean,
): Promise<void> {
  const state = await chainStateIn(context, change);
  const bar = state.barsOf(digest).find((one) => isClosing(one) && counts(one));
  if (bar === undefined) return;
  const hint = bar.kind === 'quarantined' ? `release ${bar.label} first` : `approve ${bar.label} again first`;
  throw new RegistryError('denied', barText(bar), { hint });
}

/** Versions with what bars them by any of their names, their own included. */
export async function withBars(context: Context, tenant: string, versions: readonly Version[]): Promise<Version[]> {
  const state = await chainState(context, tenant);
  return versions.map((version) => {
    const own = labelOf(version);
    const bars = state.barsOf(version.digest).filter(isClosing);
    const bar = bars.find(({ label }) => label !== own) ?? bars[0];
    return { ...version, barred: bar === undefined ? null : barText(bar) };
  });
}
