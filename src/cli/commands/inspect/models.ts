import type { ByteSource } from '../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, FileBudget, isContentError } from '../../../core/index.ts';
import { type BoosterLibrary, readBoosterModel } from '../../../formats/boosters/index.ts';
import { newFacts, readRds } from '../../../formats/rds/index.ts';
import { newTorch7Facts, readTorch7 } from '../../../formats/torch7/index.ts';
import { walkXml } from '../../../formats/xml/index.ts';
import { count } from '../../../report/index.ts';

const LIBRARIES: Readonly<Record<string, BoosterLibrary>> = {
  'xgboost-json': 'xgboost',
  'xgboost-ubj': 'xgboost',
  'xgboost-binary': 'xgboost',
  lightgbm: 'lightgbm',
  catboost: 'catboost',
  'catboost-json': 'catboost',
};
const OTHERS: ReadonlySet<string> = new Set(['rds', 'torch7', 'torch7-ascii', 'pmml']);
const MAX_SHOWN = 12;

/** Whether a format has a line of its own. */
export function isDescribed(format: string): boolean {
  return Object.hasOwn(LIBRARIES, format) || OTHERS.has(format);
}

/** One line on what a model holds; why it could not be read, otherwise. */
export async function describeModel(source: ByteSource, format: string): Promise<string> {
  const budget = new FileBudget(DEFAULT_LIMITS, source.size);
  try {
    const library = Object.hasOwn(LIBRARIES, format) ? LIBRARIES[format] : undefined;
    if (library !== undefined) return await describeBooster(source, library, budget);
    if (format === 'rds') return await describeRds(source, budget);
    if (format === 'pmml') return await describePmml(source, budget);
    return await describeTorch7(source, format === 'torch7-ascii', budget);
  } catch (error) {
    if (!isContentError(error)) throw error;
    return `not read to its end: ${error.message}`;
  }
}

async function describeBooster(source: ByteSource, library: BoosterLibrary, budget: FileBudget): Promise<string> {
  if (library === 'xgboost') {
    const { booster, features, objective, version } = await readBoosterModel(library, source, budget);
    const size = booster.kind === 'linear' ? 'linear' : count(booster.trees.length, 'tree');
    return `${size} · ${count(features, 'feature')} · objective ${objective} · saved by ${version ?? 'an unknown version'}`;
  }
  if (library === 'lightgbm') {
    const { trees, features, objective } = await readBoosterModel(library, source, budget);
    return `${count(trees.length, 'tree')} · ${count(features, 'feature')} · objective ${objective ?? 'not given'}`;
  }
  const { trees, columns, loss, version } = await readBoosterModel(library, source, budget);
  return `${count(trees.length, 'tree')} · ${count(columns, 'column')} · loss ${loss ?? 'not given'} · saved by ${version ?? 'an unknown version'}`;
}

async function describeRds(source: ByteSource, budget: FileBudget): Promise<string> {
  const facts = newFacts();
  await readRds(source, facts, budget);
  const parts = [...facts.parts.values()].map(
    ({ kind, name, count: times }) => `${kind.replaceAll('-', ' ')}${name === '' ? '' : ` ${name}`} × ${times}`,
  );
  return `saved by R ${facts.writer ?? ''} · ${count(facts.objects, 'object')} · ${listed(parts, 'data alone')}`;
}

async function describePmml(source: ByteSource, budget: FileBudget): Promise<string> {
  const models: string[] = [];
  let version = 'no version';
  let elements = 0;
  const open = (name: string, attributes: ReadonlyMap<string, string>) => {
    elements++;
    if (elements === 1) version = `PMML ${attributes.get('version') ?? 'without a version'}`;
    if (/Model$|Network$|^Scorecard$|^RuleSet/.test(name) && models.length < 1_000) models.push(name);
  };
  await walkXml(source, 'utf-8', { open }, budget);
  return `${version} · ${count(elements, 'element')} · ${listed([...new Set(models)], 'no model')}`;
}

async function describeTorch7(source: ByteSource, isText: boolean, budget: FileBudget): Promise<string> {
  const facts = newTorch7Facts();
  await readTorch7(source, isText, facts, budget);
  const code = facts.functions.length === 0 ? '' : ` · ${count(facts.functions.length, 'function')} of Lua`;
  return `${count(facts.tensors, 'tensor or storage', 'tensors and storages')}${code} · ${listed([...facts.classes.keys()], 'no classes')}`;
}

function listed(parts: readonly string[], none: string): string {
  if (parts.length === 0) return none;
  const more = parts.length > MAX_SHOWN ? `, and ${parts.length - MAX_SHOWN} more` : '';
  return `${parts.slice(0, MAX_SHOWN).join(', ')}${more}`;
}
