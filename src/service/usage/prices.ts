import { AssayError } from '../../core/index.ts';
import { type Entry, readPolicyFile, YamlSource } from '../../policy/index.ts';

/** Millionths of the currency: prices are decimal numbers, and sums of them are exact. */
export interface Prices {
  /** ISO 4217. */
  readonly currency: string;
  readonly cpuHour: bigint;
  readonly wallHour: bigint;
  readonly gpuHour: bigint;
  /** Of bytes received over the network. */
  readonly fetchedGib: bigint;
  /** Of bytes that jobs left, once. */
  readonly storedGib: bigint;
}

const RATES = ['cpuHour', 'wallHour', 'gpuHour', 'fetchedGib', 'storedGib'] as const;
export const MICROS = 1_000_000n;
const HINT = 'write {version: 1, currency: EUR, cpuHour: 0.04}; assay serve --help shows all prices';

/**
 * The prices of the operator, from a YAML or JSON file. What is left out costs nothing.
 *
 *     version: 1
 *     currency: EUR
 *     cpuHour: 0.04
 *     gpuHour: 2.5
 *     fetchedGib: 0.01
 *
 * @throws AssayError `usage` that names file, line and column; `not-found`, `unreadable`
 */
export async function readPrices(path: string): Promise<Prices> {
  const source = new YamlSource(await readPolicyFile(path), 'failsafe');
  const prices = source.problems.length === 0 ? pricesOf(source) : undefined;
  const [first] = [...source.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  if (first !== undefined || prices === undefined)
    throw new AssayError('usage', first?.message ?? 'has no prices', {
      subject: first === undefined ? path : `${path}:${first.line}:${first.column}`,
      hint: first?.hint ?? HINT,
    });
  return prices;
}

function pricesOf(source: YamlSource): Prices | undefined {
  const root = source.mapping(source.root, 'the file of prices', ['version', 'currency', ...RATES]);
  if (root === undefined) return undefined;
  const version = root.get('version');
  if (version === undefined || source.text(version) !== '1')
    source.report(version?.at ?? source.positionOf(source.root), 'the prices have no version: 1');
  const rate = (name: (typeof RATES)[number]) => rateOf(source, root.get(name));
  return {
    currency: currencyOf(source, root.get('currency')),
    cpuHour: rate('cpuHour'),
    wallHour: rate('wallHour'),
    gpuHour: rate('gpuHour'),
    fetchedGib: rate('fetchedGib'),
    storedGib: rate('storedGib'),
  };
}

function currencyOf(source: YamlSource, entry: Entry | undefined): string {
  const hint = 'write the three letters of ISO 4217, such as EUR';
  const text = entry === undefined ? undefined : source.text(entry);
  if (text !== undefined && /^[A-Z]{3}$/.test(text)) return text;
  const message = entry === undefined ? 'the prices have no currency' : `${text ?? 'this'} is not a currency`;
  source.report(entry?.at ?? source.positionOf(source.root), message, hint);
  return '';
}

function rateOf(source: YamlSource, entry: Entry | undefined): bigint {
  if (entry === undefined) return 0n;
  const text = source.text(entry);
  const [, whole, decimals = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text ?? '') ?? [];
  if (whole !== undefined) return BigInt(whole) * MICROS + BigInt(decimals.padEnd(6, '0'));
  source.report(entry.at, `${entry.key} is not a price`, 'write a decimal number with up to 6 digits after the point');
  return 0n;
}
