import { type ConfigReading, type Framework, NO_ENTRIES, pathOf } from './framework.ts';

/** Of a trainer: what is not a word or a number may be a class, a file of settings or a checkpoint to load. */
const DATA = /^(?:[\w ,:=-]*|[-+]?[\d_]*\.?\d+(?:e[-+]?\d+)?)$/i;
const MAX_DATA = 200;
const FILES = /^(?:ckpt_path|config|weights.*)$/;

/** Lightning's command line, by jsonargparse: `class_path` with `init_args`. */
export const LIGHTNING: Framework = {
  id: 'Lightning',
  read(node): ConfigReading {
    if (node.kind !== 'mapping' || !node.entries.has('class_path')) return undefined;
    const path = pathOf(node.entries.get('class_path'));
    const args = node.entries.get('init_args');
    const isPlain =
      node.tag === '' && [...node.entries.keys()].every((key) => key === 'class_path' || key === 'init_args');
    if (path === undefined || !isPlain || (args !== undefined && (args.kind !== 'mapping' || args.tag !== '')))
      return 'refused';
    return { path, makes: 'object', positional: [], named: args?.entries ?? NO_ENTRIES, beside: NO_ENTRIES };
  },
  resolve: (node) => (node.kind === 'scalar' && node.text.includes('${') ? undefined : node),
  isData: (key, text) => text.length <= MAX_DATA && DATA.test(text) && (!FILES.test(key) || /^(?:null|~|)$/.test(text)),
  objection: () => undefined,
};
