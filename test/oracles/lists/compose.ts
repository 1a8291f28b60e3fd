import type { ListedGlobal, Use } from '../../../src/scan/lists/allowlists.ts';
import { buildZip } from '../../support/containers.ts';
import type { Random } from '../../support/pickle-programs.ts';
import type { Corpus, Packing } from './corpus.ts';
import { mutateTree } from './mutate.ts';
import { call, dict, instance, leaf, list, type Node, name, tuple } from './tree.ts';
import type { Values } from './values.ts';
import { writeTree } from './write-tree.ts';

export interface Composed {
  readonly name: string;
  readonly bytes: Buffer;
  readonly loader: Packing['kind'];
  /** A description for people. */
  readonly what: string;
}

/** One file: a changed real one, or a listed name in one of its uses. */
export function compose(
  random: Random,
  corpus: Corpus,
  entries: readonly [ListedGlobal, ...ListedGlobal[]],
  values: Values,
): Composed {
  if (random.chance(0.5)) {
    const sample = random.pick(corpus.samples);
    const root = mutateTree(sample.root, random, values, 1 + random.below(3));
    return packed(root, sample.protocol, sample.packing, sample.path.replace(/.*\/benign\//, ''));
  }
  const entry = random.pick(entries);
  const uses = [...entry.uses] as [Use, ...Use[]];
  const use = random.pick(uses);
  const root = used(entry, use, random, values);
  const protocol = random.chance(0.3) ? 2 : 4;
  return packed(
    root,
    protocol,
    { kind: random.chance(0.15) ? 'joblib' : 'pickle' },
    `${use} ${entry.module}:${entry.name}`,
  );
}

export function packed(root: Node, protocol: number, packing: Packing, what: string): Composed {
  const pickle = writeTree(root, protocol);
  if (packing.kind !== 'torch')
    return { name: packing.kind === 'joblib' ? 'a.joblib' : 'a.pkl', bytes: pickle, loader: packing.kind, what };
  const members = packing.entries.map((entry, i) => ({
    name: entry.name,
    data: i === packing.at ? pickle : entry.data,
  }));
  return { name: 'a.pt', bytes: buildZip(members), loader: 'torch', what };
}

function used(entry: ListedGlobal, use: Use, random: Random, values: Values): Node {
  const full = `${entry.module}:${entry.name}`;
  const own = name(full);
  const real = values.sampleOf(full);
  const several = () => Array.from({ length: random.below(5) }, () => values.any());
  // A sample from a real file, with changes.
  if (real !== undefined && random.chance(0.6)) return mutateTree(real, random, values, 1 + random.below(3));
  switch (use) {
    case 'import':
      return random.chance(0.5) ? own : list(own, values.any());
    case 'call':
      return call(own, ...(real?.args.kind === 'tuple' && random.chance(0.5) ? real.args.items : several()));
    case 'new': {
      const made = instance(own);
      if (random.chance(0.3)) made.args = tuple(...several());
      return made;
    }
    case 'build':
      return built(instance(own), random, values);
    case 'items': {
      const made = random.chance(0.5) ? call(own) : instance(own);
      const does = random.pick(['append', 'set', 'add'] as const);
      const items = does === 'set' ? several().flatMap((value) => [values.scalar(), value]) : several();
      made.steps.push({ does, items });
      return made;
    }
  }
}

function built(made: ReturnType<typeof instance>, random: Random, values: Values): Node {
  const state = random.chance(0.5)
    ? dict(...Array.from({ length: 1 + random.below(4) }, () => [leaf(random.pick(KEYS)), values.any()]).flat())
    : values.any();
  made.steps.push({ does: 'build', items: [state] });
  return made;
}

const KEYS: readonly [string, ...string[]] = [
  'a',
  'n_features_in_',
  'state',
  'data',
  '_data',
  'shape',
  'name',
  '_version',
  'args',
  'tree_',
  'estimators_',
  'params',
  'value',
  '_index',
  '_sklearn_version',
];
