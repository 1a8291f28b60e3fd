import { createHash } from 'node:crypto';
import { NONE, type Value } from '../../../../formats/pickle/index.ts';
import { classFirst } from '../class-first.ts';
import { type Breach, type Contract, type ContractContext, unexpected } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { fieldsOf, knownArray } from './known-array.ts';

/**
 * What Cython writes to pickle a class by itself: `__pyx_unpickle_X(class, checksum, state)`, and a tuple that has a place for each field.
 * Many libraries compile it without a check of the length of the tuple. The checksum is that of the fields' names, so the load
 * fails for another version of the class, which has other fields.
 */
interface Layout {
  readonly module: string;
  readonly name: string;
  /** Of each version: the names of the fields, in their order. */
  readonly fields: readonly string[];
  /** Its instances have attributes, too, which are a dict behind the fields. */
  readonly attributes?: true;
  readonly also?: (state: readonly Value[], context: ContractContext) => Breach | undefined;
}

const OTHER = unexpected('the fields of its state are not those of the class');

/** Buckets have room for one element more than their size, and the index is used without a bounds check. */
function bucket([index, size, ...arrays]: readonly Value[], context: ContractContext): Breach | undefined {
  const [at, most] = [numberOf(index, context), numberOf(size, context)];
  const known = arrays.map((array) => knownArray(array, context));
  if (context.state.waits) return undefined;
  if (typeof at !== 'number') return at;
  if (typeof most !== 'number') return most;
  const fits = known.every((array) => array?.letter === 'f' && array.sizes.length === 1 && array.sizes[0] === most + 1);
  return fits && at >= 0 && at <= most + 1 ? undefined : unexpected('the arrays of a bucket do not fit its size');
}

/** The Cython code reads `bucket_deque` as a list without a type check. */
function windows(state: readonly Value[], context: ContractContext): Breach | undefined {
  const fields = fieldsOf(state.at(-1), context);
  if (context.state.waits) return undefined;
  const buckets = fields?.get('bucket_deque');
  const maker = buckets === undefined ? undefined : context.madeBy(buckets);
  return fields?.size === 1 && maker?.module === 'collections' && maker.name === 'deque'
    ? undefined
    : unexpected('its buckets are not in a deque');
}

const WINDOWS = 'max_n_buckets min_window_length n_buckets n_detections tick total total_width variance width';

const LOSSES = [
  ['CyPinballLoss', 'quantile'],
  ['CyHalfTweedieLoss', 'power'],
  ['CyHalfTweedieLossIdentity', 'power'],
  ['CyHuberLoss', 'delta'],
] as const;

const LAYOUTS: readonly Layout[] = [
  {
    module: 'river.drift.adwin_c',
    name: 'Bucket',
    fields: ['current_idx max_size total_array variance_array'],
    also: bucket,
  },
  {
    module: 'river.drift.adwin_c',
    name: 'AdaptiveWindowing',
    fields: ['grace_period max_buckets', 'grace_period'].map(
      (own) => `clock delta detect detect_twice ${own} ${WINDOWS}`,
    ),
    attributes: true,
    also: windows,
  },
  {
    module: 'river.utils.vectordict',
    name: 'VectorDict',
    fields: ['_data _default_factory _lazy_mask _mask _use_factory _use_mask'],
  },
  { module: 'arch.univariate.recursions', name: 'GARCHUpdater', fields: ['backcast o p power q'] },
  ...['sklearn._loss._loss', '_loss'].flatMap((module) =>
    LOSSES.map(([name, field]) => ({ module, name, fields: [field] })),
  ),
];

const places = new Map<Layout, ReadonlyMap<number, number>>();

/** How many places a state has, by the checksum of the fields: the first bits of a digest of their names. */
function placesOf(layout: Layout): ReadonlyMap<number, number> {
  const { fields, attributes } = layout;
  const known = places.get(layout);
  if (known !== undefined) return known;
  const found = new Map(
    fields.flatMap((names) =>
      ['md5', 'sha1', 'sha256'].map((algorithm) => {
        const digest = createHash(algorithm).update(names).digest('hex');
        return [Number.parseInt(digest.slice(0, 7), 16), names.split(' ').length + (attributes ? 1 : 0)] as const;
      }),
    ),
  );
  places.set(layout, found);
  return found;
}

function checked(layout: Layout, checksum: Value | undefined, state: readonly Value[], context: ContractContext) {
  const sum = numberOf(checksum, context);
  if (context.state.waits) return undefined;
  if (typeof sum !== 'number' || placesOf(layout).get(sum) !== state.length) return OTHER;
  return layout.also?.(state, context);
}

/** The class must be that of the function: the code assumes that its fields exist. */
const made =
  (layout: Layout): Contract =>
  ([type, checksum, state], context) => {
    const wrong = classFirst(type === undefined ? [] : [type], context);
    if (wrong !== undefined) return wrong;
    const entry = type === undefined ? undefined : context.listed(type);
    if (entry?.module !== layout.module || entry.name !== layout.name)
      return unexpected('it is created as another class');
    if (state === undefined || state.kind === NONE) return undefined;
    const fields = context.state.tuple(state);
    return fields === undefined ? OTHER : checked(layout, checksum, fields, context);
  };

const given =
  (layout: Layout): Contract =>
  (state, context) => {
    const call = context.target === undefined ? undefined : context.state.callOf(context.target);
    const [, checksum] = (call === undefined ? undefined : context.state.tuple(call.args)) ?? [];
    return checked(layout, checksum, state, context);
  };

export const CYTHON_CALLS: readonly (readonly [string, Contract])[] = LAYOUTS.map(
  (layout) => [`${layout.module}:__pyx_unpickle_${layout.name}`, made(layout)] as const,
);

/** By the class: what it is given by BUILD. */
export const CYTHON_STATES: readonly (readonly [string, Contract])[] = LAYOUTS.map(
  (layout) => [`${layout.module}:${layout.name}`, given(layout)] as const,
);
