import { readFileSync } from 'node:fs';
import { isAssayError } from '../../core/index.ts';
import { newTorch7Facts, readTorch7, type Torch7Facts } from '../../formats/torch7/index.ts';
import type { ScanContext, ScanTarget } from '../scanner/index.ts';
import { TORCH7_RULES } from './rules.ts';

/** Classes of torch/nn that read their own members only, which are those of the file. */
const classes = JSON.parse(readFileSync(new URL('./classes.json', import.meta.url), 'utf8')) as Readonly<
  Record<'nn', string>
>;
const LISTED: ReadonlySet<string> = new Set(classes.nn.split(' ').map((name) => `nn.${name}`));
const MAX_REPORTS = 30;

/** Judges a file of Torch7: its functions, its classes, and whether its tensors stay within their storages. */
export async function judgeTorch7({ source, format }: ScanTarget, context: ScanContext): Promise<void> {
  const facts = newTorch7Facts();
  try {
    const end = await readTorch7(source, format.id === 'torch7-ascii', facts, context.budget);
    context.cover(0, end, 'parsed');
    if (end < source.size) {
      context.report({
        rule: TORCH7_RULES.structure,
        subject: 'trailing',
        message: `${source.size - end} bytes follow the object.`,
        offset: end,
      });
      context.incomplete(`${source.size - end} bytes at ${end} follow the Torch7 object, and were not read`);
    }
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    context.report({
      rule: TORCH7_RULES.structure,
      subject: 'structure',
      message: `The file contradicts itself: ${error.message}.`,
      ...place,
    });
    context.cover(0, source.size, 'opaque', 'after a broken object: Torch7 reads no further');
  } finally {
    reportParts(facts, context);
  }
}

function reportParts({ functions, classes: found }: Torch7Facts, context: ScanContext): void {
  const [first] = functions;
  if (first !== undefined) {
    const more = functions.length > 1 ? `, and ${functions.length - 1} more` : '';
    context.report({
      rule: TORCH7_RULES.function,
      subject: 'function',
      message: `The file holds a function of Lua${more}.`,
      offset: first,
    });
  }
  for (const { name, at } of [...found.values()].filter((one) => !LISTED.has(one.name)).slice(0, MAX_REPORTS))
    context.report({
      rule: TORCH7_RULES.class,
      subject: name,
      message: `The file holds an object of the class ${JSON.stringify(name)}.`,
      offset: at,
    });
}
