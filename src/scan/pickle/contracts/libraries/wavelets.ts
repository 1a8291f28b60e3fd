import { FLOAT, INT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';

const NAME = /^[A-Za-z0-9._ -]{0,64}$/;
const FILTERS = 4;
const UNTOLD = unexpected('its filters are not four lists of numbers of one length');

/** `Wavelet(name, (four lists of numbers))` of PyWavelets copies the filters; without them it looks the name up among its own. */
const wavelet: Contract = (args, context) => {
  const [, bank, ...more] = args;
  const name = textAt(args, 0, context);
  if (context.state.waits) return undefined;
  if (name === undefined || !NAME.test(name) || more.length > 0)
    return unexpected('its name is not the name of a wavelet');
  if (bank === undefined || bank.kind === NONE) return undefined;
  const filters = context.state.tuple(bank) ?? context.state.elementsOf(bank);
  const lengths = filters?.map((filter) => lengthOf(filter, context));
  const fits = lengths?.length === FILTERS && lengths.every((length) => length !== undefined && length === lengths[0]);
  return fits ? undefined : UNTOLD;
};

/** How many numbers a list has; `undefined` for anything else. */
function lengthOf(of: Value, { state }: ContractContext): number | undefined {
  const elements = state.elementsOf(of);
  state.budget.work(elements?.length ?? 0);
  return elements?.every(({ kind }) => kind === FLOAT || kind === INT) ? elements.length : undefined;
}

/** `ContinuousWavelet(name, dtype)`: only the name of the type is used. */
const continuous: Contract = (args, context) => {
  const name = textAt(args, 0, context);
  if (context.state.waits) return undefined;
  const type = args[1] === undefined ? undefined : context.state.global(args[1]);
  const known = type === undefined ? args.length === 1 : type.module === 'numpy' && /^float(?:32|64)$/.test(type.name);
  return name !== undefined && NAME.test(name) && known && args.length <= 2
    ? undefined
    : unexpected('its arguments are not a name and a numeric type');
};

export const WAVELET_CALLS: readonly (readonly [string, Contract])[] = [
  ['pywt._extensions._pywt:Wavelet', wavelet],
  ['pywt._extensions._pywt:ContinuousWavelet', continuous],
];
