import { type ConfigReading, type Framework, omegaconfValue, pathOf, without } from './framework.ts';
import type { ConfigNode } from './tree.ts';

const OWN_KEYS = ['_target_', '_partial_', '_args_', '_convert_', '_recursive_'];
const CONVERSIONS = /^(?:none|partial|object|all)$/;
const TRUE = /^(?:true|True|TRUE)$/;
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;

/** Hydra's `instantiate` (hydra/_internal/instantiate/_instantiate2.py). */
export const HYDRA: Framework = {
  id: 'Hydra',
  read(node): ConfigReading {
    if (node.kind !== 'mapping' || !node.entries.has('_target_')) return undefined;
    const { entries } = node;
    const path = pathOf(entries.get('_target_'));
    const args = entries.get('_args_');
    const isKept = ['_partial_', '_recursive_'].every((key) => matches(entries.get(key), BOOLEAN));
    if (node.tag !== '' || path === undefined || !isKept || !matches(entries.get('_convert_'), CONVERSIONS))
      return 'refused';
    if (args !== undefined && (args.kind !== 'list' || args.tag !== '')) return 'refused';
    const partial = entries.get('_partial_');
    return {
      path,
      makes: partial?.kind === 'scalar' && TRUE.test(partial.text) ? 'value' : 'object',
      positional: args?.items ?? [],
      named: without(entries, OWN_KEYS),
      beside: new Map(),
    };
  },
  resolve: omegaconfValue,
  isData: () => true,
  objection(root, text) {
    if (root.entries.has('hydra') || /@package\s+["']?(?!_global_|_group_)\S*hydra/.test(text))
      return 'it configures Hydra itself';
    const defaults = root.entries.get('defaults');
    const isAlone =
      defaults?.kind === 'list' && defaults.items.every((one) => one.kind === 'scalar' && one.text === '_self_');
    return defaults === undefined || isAlone ? undefined : 'its list of defaults takes in other files';
  },
};

function matches(node: ConfigNode | undefined, pattern: RegExp): boolean {
  return node === undefined || (node.kind === 'scalar' && node.tag === '' && pattern.test(node.text));
}
