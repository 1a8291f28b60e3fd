import type { ByteSource } from '../../../core/bytes/index.ts';
import { escapes } from '../../../formats/index.ts';
import { isMojoTree, isMojoTreeAux } from '../../../formats/mojo/index.ts';
import { activeFormat, type ScanContext } from '../../scanner/index.ts';
import { MOJO_RULES } from '../rules.ts';

const MAX_SETTINGS = 8 * 1024 * 1024;
const MAX_TREE = 64 * 1024 * 1024;
const TREE = /(?:^|\/)trees\/t\d+_\d+(_aux)?\.bin$/;

/**
 * Whether a member is a tree to its end, so that Java reads nothing else from it.
 * @returns false for every other member, which is judged by its format
 */
export async function isJudgedTree(source: ByteSource, name: string, context: ScanContext): Promise<boolean> {
  const found = TREE.exec(name);
  if (found === null || source.size > MAX_TREE || (await activeFormat(source, context)) !== undefined) return false;
  context.budget.hold(source.size);
  try {
    const bytes = await source.read(0, source.size);
    context.budget.work(bytes.length);
    return found[1] === undefined ? isMojoTree(bytes) : isMojoTreeAux(bytes);
  } finally {
    context.budget.release(source.size);
  }
}

/** Files that `model.ini` names: `column: count name` within `[domains]`. */
export async function judgeMojoSettings(source: ByteSource, context: ScanContext): Promise<void> {
  if (source.size > MAX_SETTINGS) return context.incomplete('model.ini is larger than that of any model');
  context.budget.hold(2 * source.size);
  const lines = Buffer.from(await source.read(0, source.size))
    .toString('utf8')
    .split('\n');
  context.budget.work(source.size);
  for (const line of lines) {
    const file = /^\s*\d+:\s*\d+\s+(.+?)\s*$/.exec(line)?.[1];
    const why = file === undefined ? undefined : escapes(file);
    if (file === undefined || why === undefined) continue;
    const shown = JSON.stringify(file.slice(0, 120));
    context.report({
      rule: MOJO_RULES.path,
      subject: file.slice(0, 200),
      message: `model.ini names the file ${shown}, which ${why}.`,
    });
  }
  context.budget.release(2 * source.size);
}
