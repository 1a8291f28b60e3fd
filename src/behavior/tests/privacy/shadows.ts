import { AssayError, isAssayError, quotedName, throwIfAborted } from '../../../core/index.ts';
import { integersOf } from '../../../formats/arrays/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import type { TestContext, TestData } from '../kind.ts';
import { type Confidence, confidenceOf } from './confidence.ts';
import type { Groups } from './groups.ts';
import { type LiraVariant, rowWithFew, type ShadowOdds } from './lira.ts';

export interface ShadowRuns {
  readonly members: ShadowOdds;
  readonly others: ShadowOdds;
  /** Online where each row has shadows that were trained on it. */
  readonly variant: LiraVariant;
}

/**
 * Runs each shadow model on the members and on the others, one model at a time.
 * @param column the name of the column of both data that says which shadows were trained on a row
 * @returns why nothing can be told
 * @throws AssayError `usage` for a column that is missing or does not fit; what opening and running a model throws
 */
export async function runShadows(
  paths: readonly string[],
  column: string,
  { members, others }: Groups,
  { openModel, signal, onStep }: Pick<TestContext, 'openModel' | 'signal' | 'onStep'>,
): Promise<ShadowRuns | string> {
  if (paths.length === 0)
    throw new AssayError('usage', 'the attack lira needs shadow models', {
      hint: 'train models of the same kind on other rows, and name them: shadows: [shadow-0.onnx, ...]',
    });
  const inside = [members, others].map((data) => insideOf(data, column, paths.length));
  const odds: [Float64Array[], Float64Array[]] = [[], []];
  for (const [at, path] of paths.entries()) {
    throwIfAborted(signal);
    onStep(`shadow ${at + 1} of ${paths.length}`);
    for (const [group, own] of (await shadowConfidences(path, [members, others], openModel)).entries()) {
      if (own.strange > 0) return `the shadow ${quotedName(path)} gives scores that are not finite numbers`;
      odds[group]?.push(own.odds);
    }
  }
  const [first = new Uint8Array(), second = new Uint8Array()] = inside;
  const [own, other] = [
    { rows: members.feeds.rows, odds: odds[0], inside: first },
    { rows: others.feeds.rows, odds: odds[1], inside: second },
  ];
  for (const [data, shadows] of [[members, own] as const, [others, other] as const]) {
    const row = rowWithFew(shadows, 0);
    if (row !== undefined)
      throw new AssayError('usage', `row ${row} of ${quotedName(data.name)} has fewer than 2 shadows without it`, {
        hint: 'give shadow models that were not trained on it',
      });
  }
  const online = [own, other].every((shadows) => rowWithFew(shadows, 1) === undefined);
  return { members: own, others: other, variant: online ? 'online' : 'offline' };
}

const FAULTS: ReadonlySet<string> = new Set(['unsupported', 'limit', 'usage']);

/** A shadow that does not run is a fault of the suite, not of the model. */
async function shadowConfidences(
  path: string,
  groups: readonly TestData[],
  openModel: TestContext['openModel'],
): Promise<readonly Confidence[]> {
  let shadow: TestedModel | undefined;
  try {
    shadow = await openModel(path);
    const found: Confidence[] = [];
    for (const data of groups) found.push(await confidenceOf(shadow, data));
    return found;
  } catch (error) {
    if (!isAssayError(error) || !FAULTS.has(error.code)) throw error;
    throw new AssayError('usage', `the shadow ${quotedName(path)} cannot be used: ${error.message}`, {
      hint: 'give shadow models of the same inputs and outputs as the model',
      cause: error,
    });
  } finally {
    await shadow?.close();
  }
}

function insideOf({ name, columns, feeds }: TestData, column: string, shadows: number): Uint8Array {
  const array = columns?.get(column);
  if (array === undefined)
    throw new AssayError('usage', `the data ${quotedName(name)} has no column ${quotedName(column)}`, {
      hint: 'say which shadows were trained on each row: columns: { in: shadows.npz#in }, a 1 or 0 for each shadow',
    });
  const [rows, width = 1, ...more] = array.dims;
  if (rows !== feeds.rows || width !== shadows || more.length > 0)
    throw new AssayError(
      'usage',
      `the column ${quotedName(column)} of ${quotedName(name)} has the shape [${array.dims.join(', ')}], and [${feeds.rows}, ${shadows}] is needed`,
      { hint: 'give each row a 1 or 0 for each shadow, in the order of `shadows`' },
    );
  const flags = integersOf(array);
  if (flags === undefined || !flags.every((flag) => flag === 0n || flag === 1n))
    throw new AssayError('usage', `the column ${quotedName(column)} of ${quotedName(name)} is not of 1 and 0`, {
      hint: '1 for a row that the shadow was trained on',
    });
  return Uint8Array.from(flags, Number);
}
