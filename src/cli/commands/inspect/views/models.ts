import type { ByteSource } from '../../../../core/bytes/index.ts';
import type { FileBudget } from '../../../../core/index.ts';
import { readBoosterModel } from '../../../../formats/boosters/index.ts';
import { newFacts, readRds } from '../../../../formats/rds/index.ts';
import { newTorch7Facts, readTorch7 } from '../../../../formats/torch7/index.ts';
import { walkXml } from '../../../../formats/xml/index.ts';
import { count } from '../../../../report/index.ts';
import type { FormatView, Listing } from './listing.ts';

const MAX_SHOWN = 12;

export const showXgboost: FormatView = async (source, listing, budget) => {
  const { booster, features, objective, version } = await readBoosterModel('xgboost', source, budget);
  const size = booster.kind === 'linear' ? 'linear' : count(booster.trees.length, 'tree');
  listing.line(
    size,
    count(features, 'feature'),
    `objective ${objective}`,
    `saved by ${version ?? 'an unknown version'}`,
  );
};

export const showLightgbm: FormatView = async (source, listing, budget) => {
  const { trees, features, objective } = await readBoosterModel('lightgbm', source, budget);
  listing.line(count(trees.length, 'tree'), count(features, 'feature'), `objective ${objective ?? 'not given'}`);
};

export const showCatboost: FormatView = async (source, listing, budget) => {
  const { trees, columns, loss, version } = await readBoosterModel('catboost', source, budget);
  listing.line(
    count(trees.length, 'tree'),
    count(columns, 'column'),
    `loss ${loss ?? 'not given'}`,
    `saved by ${version ?? 'an unknown version'}`,
  );
};

export const showRds: FormatView = async (source, listing, budget) => {
  const facts = newFacts();
  await readRds(source, facts, budget);
  const parts = [...facts.parts.values()].map(
    ({ kind, name, count: times }) => `${kind.replaceAll('-', ' ')}${name === '' ? '' : ` ${name}`} × ${times}`,
  );
  listing.line(`saved by R ${facts.writer ?? ''}`, count(facts.objects, 'object'), listed(parts, 'data alone'));
};

export const showPmml: FormatView = async (source, listing, budget) => {
  const models: string[] = [];
  let version = 'no version';
  let elements = 0;
  const open = (name: string, attributes: ReadonlyMap<string, string>) => {
    elements++;
    if (elements === 1) version = `PMML ${attributes.get('version') ?? 'without a version'}`;
    if (/Model$|Network$|^Scorecard$|^RuleSet/.test(name) && models.length < 1_000) models.push(name);
  };
  await walkXml(source, 'utf-8', { open }, budget);
  listing.line(version, count(elements, 'element'), listed([...new Set(models)], 'no model'));
};

export const showTorch7: FormatView = (source, listing, budget) => describeTorch7(source, false, listing, budget);
export const showTorch7Text: FormatView = (source, listing, budget) => describeTorch7(source, true, listing, budget);

async function describeTorch7(
  source: ByteSource,
  isText: boolean,
  listing: Listing,
  budget: FileBudget,
): Promise<void> {
  const facts = newTorch7Facts();
  await readTorch7(source, isText, facts, budget);
  listing.line(
    count(facts.tensors, 'tensor or storage', 'tensors and storages'),
    ...(facts.functions.length === 0 ? [] : [`${count(facts.functions.length, 'function')} of Lua`]),
    listed([...facts.classes.keys()], 'no classes'),
  );
}

function listed(parts: readonly string[], none: string): string {
  if (parts.length === 0) return none;
  const more = parts.length > MAX_SHOWN ? `, and ${parts.length - MAX_SHOWN} more` : '';
  return `${parts.slice(0, MAX_SHOWN).join(', ')}${more}`;
}
