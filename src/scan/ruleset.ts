import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Ruleset } from '../core/assessment.ts';
import { RULES } from './catalogue.ts';
import type { Allowance } from './pickle/globals.ts';
import { BUILT_IN_LISTS, type RuleLists } from './rule-lists.ts';

/** Names everything a verdict rests on: rules, lists, dangerous names and the organisation's own allowances. */
export function rulesetOf(allowances: readonly Allowance[], lists: RuleLists = BUILT_IN_LISTS): Ruleset {
  const hash = shippedHash();
  const own = allowances.map(({ module, name, uses, takes, owner, expires }) => [
    module,
    name,
    [...uses].sort(),
    owner,
    expires,
    ...(takes === undefined ? [] : [Object.entries(takes).sort()]),
  ]);
  hash.update(JSON.stringify(own.map((entry) => JSON.stringify(entry)).sort()));
  if (lists.bundle !== undefined) hash.update(`bundle:${lists.bundle}`);
  return { version: lists.version, digest: `sha256:${hash.digest('hex')}` };
}

/** What the package brings, which does not change while it runs: read once, not with every artifact. */
let shipped: Hash | undefined;

function shippedHash(): Hash {
  shipped ??= hashShipped();
  return shipped.copy();
}

function hashShipped(): Hash {
  const hash = createHash('sha256');
  for (const rule of RULES.values()) hash.update(JSON.stringify([rule.id, rule.severity, rule.verdict]));
  const folder = new URL('./pickle/allowlists/', import.meta.url);
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort())
    hash.update(readFileSync(new URL(name, folder)));
  hash.update(readFileSync(new URL('./pickle/dangerous.json', import.meta.url)));
  hash.update(readFileSync(new URL('./pickle/types/callable-sets.json', import.meta.url)));
  return hash;
}
