import { ENDPOINT_VARIABLES } from '../endpoint.ts';
import { ownList, ownText } from '../own.ts';
import type { ReadOfImage } from './image.ts';
import type { Objection } from './isolation.ts';
import type { Grammar } from './table/index.ts';
import { rowOf } from './told.ts';

/** Of a variable that its image sets, and that says which model, or from where. */
const ALWAYS: ReadonlySet<string> = new Set(['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE']);

/**
 * Variables that an image sets for a server of models, where the container does not set them: they tell it what to load, and stand
 * nowhere in the object.
 */
export function readImageVariables(
  { approval }: ReadOfImage,
  container: unknown,
  where: string,
  grammar: Grammar,
): readonly Objection[] {
  const row = rowOf(grammar);
  const own = new Set(ownList(container, 'env').map((entry) => ownText(entry, 'name') ?? ''));
  return (approval?.facts?.env ?? []).flatMap((variable): readonly Objection[] => {
    const equals = variable.indexOf('=');
    const name = equals < 0 ? variable : variable.slice(0, equals);
    if (own.has(name) || equals === variable.length - 1) return [];
    const means = row !== undefined && Object.hasOwn(row.env, name) ? row.env[name] : undefined;
    const names = means !== undefined && ('unread' in means || 'finds' in means);
    if (!names && !ENDPOINT_VARIABLES.has(name) && !ALWAYS.has(name)) return [];
    return [
      {
        where,
        why: `runs an image that sets the variable ${JSON.stringify(name.slice(0, 100))}, which says what it loads`,
      },
    ];
  });
}
