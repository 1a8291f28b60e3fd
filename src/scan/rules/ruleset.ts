import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Ruleset } from '../../core/assessment/index.ts';
import { type Allowance, allowlistFiles, BUILT_IN_LISTS, type RuleLists } from '../lists/index.ts';
import type { CodeApproval } from '../repository/index.ts';
import { RULES } from './catalogue.ts';

/**
 * The version and digest of everything that a verdict depends on: rules, lists, dangerous names and the allowances of the
 * organisation.
 */
export function rulesetOf(
  allowances: readonly Allowance[],
  lists: RuleLists = BUILT_IN_LISTS,
  approvedCode: readonly CodeApproval[] = [],
): Ruleset {
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
  if (approvedCode.length > 0) {
    const code = approvedCode.map(({ sha256, owner, expires }) => JSON.stringify([sha256, owner, expires]));
    hash.update(`code:${JSON.stringify(code.sort())}`);
  }
  if (lists.bundle !== undefined) hash.update(`bundle:${lists.bundle}`);
  if (lists.loaders?.digest !== undefined) hash.update(`loaders:${lists.loaders.digest}`);
  return { version: lists.version, digest: `sha256:${hash.digest('hex')}` };
}

/** The part in the package, which does not change while the program runs: read once, not for every artifact. */
let shipped: Hash | undefined;

function shippedHash(): Hash {
  shipped ??= hashShipped();
  return shipped.copy();
}

/** Besides the lists: names that are dangerous, may be held, exist in Python, or are renamed by pandas. */
const OTHER_FILES = [
  'dangerous.json',
  'types/callable-sets.json',
  'python-modules.json',
  'pandas-renames.json',
  'known-code/known-code.json',
];
/** Operators, elements and classes by which models are judged, hosts that collect data, owners and advisories. */
export const LIST_FILES: readonly string[] = [
  'advisories/list/loader-advisories.json',
  'coreml/messages.json',
  'coreml/operations.json',
  'exfiltration/hosts.json',
  'graphs/executorch.json',
  'graphs/messages.json',
  'graphs/mxnet.json',
  'graphs/paddle.json',
  'keras/classes.json',
  'keras/dangers.json',
  'names/owners.json',
  'onnx/operators.json',
  'openvino/operations.json',
  'pmml/names.json',
  'tensorflow/lite-operators.json',
  'tensorflow/operators.json',
  'text/configs/spacy.json',
  'text/configs/targets.json',
  'text/nemo-targets.json',
  'torch7/classes.json',
  'torchscript/operators.json',
];

function hashShipped(): Hash {
  const hash = createHash('sha256');
  for (const rule of RULES.values()) hash.update(JSON.stringify([rule.id, rule.severity, rule.verdict]));
  const files = [...allowlistFiles().map((file) => `allowlists/${file}`), ...OTHER_FILES];
  for (const file of files) hash.update(readFileSync(new URL(`../pickle/${file}`, import.meta.url)));
  for (const file of LIST_FILES) hash.update(readFileSync(new URL(`../${file}`, import.meta.url)));
  return hash;
}
