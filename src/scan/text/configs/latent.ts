import { type ConfigReading, type Framework, NO_ENTRIES, omegaconfValue, pathOf, without } from './framework.ts';

/** Texts in place of a configuration that make nothing (ldm/util.py, instantiate_from_config). */
const NOTHING = /^__is_(?:first_stage|unconditional)__$/;

/** `instantiate_from_config` of latent diffusion: `target` with `params`. */
export const LATENT_DIFFUSION: Framework = {
  id: 'latent diffusion',
  read(node): ConfigReading {
    if (node.kind !== 'mapping') return undefined;
    const path = pathOf(node.entries.get('target'));
    const params = node.entries.get('params');
    if (path === undefined) return params !== undefined && node.entries.has('target') ? 'refused' : undefined;
    const isEmpty = params === undefined || (params.kind === 'scalar' && /^(?:null|~|)$/.test(params.text));
    if (node.tag !== '' || (!isEmpty && (params.kind !== 'mapping' || params.tag !== ''))) return 'refused';
    return {
      path,
      makes: 'object',
      positional: [],
      named: params?.kind === 'mapping' ? params.entries : NO_ENTRIES,
      beside: without(node.entries, ['target', 'params']),
    };
  },
  resolve(node, root) {
    const isNothing = node.kind === 'scalar' && node.tag === '' && NOTHING.test(node.text);
    return isNothing ? { kind: 'scalar', tag: '', text: 'null' } : omegaconfValue(node, root);
  },
  isData: () => true,
  objection: () => undefined,
};
