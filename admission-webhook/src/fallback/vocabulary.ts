import { ENDPOINTS, type Means, PROGRAMS, type ProgramRow } from '../../../src/workload/table/index.ts';

// What of the tables an expression of CEL can read: programs that are told one model of the Hub, and its revision, in plain words.

/** Rows whose arguments and variables are read. The other programs of the table are recognised, and refused. */
export const READ = new Set(['vllm', 'tgi', 'kserve-huggingface', 'sglang', 'hf-toolkit', 'djl']);
/** Told in pairs of a URI and a folder: read by an expression of its own. */
const INITIALIZER = 'kserve-storage-initializer';

const rows = PROGRAMS.filter(({ id }) => READ.has(id));
const others = PROGRAMS.filter(({ id }) => !READ.has(id) && id !== INITIALIZER);

function isModel(means: Means): boolean {
  const { finds, bare = 'hub', shape = 'value' } = 'finds' in means ? means : { finds: undefined };
  return finds === 'model' && shape === 'value' && (bare === 'hub' || bare === 'path');
}

/** Says nothing that the allowlist depends on, or is read otherwise. */
function isHarmless(means: Means): boolean {
  if ('ignores' in means) return true;
  return 'sets' in means && ['trustRemoteCode', 'loadFormat', 'offline'].includes(means.sets);
}

const isRevision = (means: Means) => 'sets' in means && means.sets === 'revision';
const isRemoteCode = (means: Means) => 'sets' in means && means.sets === 'trustRemoteCode';
const isUnread = (means: Means) => !isModel(means) && !isRevision(means) && !isHarmless(means);

function named(of: 'takes' | 'env', wanted: (means: Means) => boolean): readonly string[] {
  const all = rows.flatMap((row) => Object.entries(row[of]).filter(([, means]) => wanted(means)));
  return [...new Set(all.map(([name]) => name))].sort();
}

const KINDS = { model: isModel, revision: isRevision, remoteCode: isRemoteCode } as const;

/** The flags or the variables by which one program takes its model. */
export function rowNames(
  rowId: string,
  of: 'takes' | 'env',
  kinds: readonly (keyof typeof KINDS)[],
): readonly string[] {
  const all = rows.filter(({ id }) => id === rowId).flatMap((row) => Object.entries(row[of]));
  return all.filter(([, means]) => kinds.some((kind) => KINDS[kind](means))).map(([name]) => name);
}

export const MODEL_FLAGS = named('takes', isModel);
export const REVISION_FLAGS = named('takes', isRevision);
export const UNREAD_FLAGS = named('takes', isUnread);
export const MODEL_VARIABLES = named('env', isModel);
export const REVISION_VARIABLES = named('env', isRevision);
export const REMOTE_CODE_VARIABLES = named('env', isRemoteCode);
export const UNREAD_VARIABLES = named('env', isUnread);
/** With one of them set, the names that a program is told are fetched elsewhere. */
export const ENDPOINT_NAMES = ENDPOINTS.flatMap(({ names }) => names);

/** Regular expressions (RE2) over the repository of an image, and over words that each stand between two line feeds. */
export const READ_IMAGES = imagesOf(rows);
export const READ_COMMANDS = commandsOf(rows);
export const OTHER_IMAGES = imagesOf(others);
export const OTHER_COMMANDS = commandsOf(others);
export const VLLM_IMAGES = imagesOf(rows.filter(({ startsWith }) => startsWith === 'serve'));
export const VLLM_COMMANDS = commandsOf(rows.filter(({ after }) => after?.serve !== undefined));
export const INITIALIZER_IMAGE = 'storage-initializer';

function imagesOf(of: readonly ProgramRow[]): string {
  return of.flatMap(({ images }) => images.map(escaped)).join('|');
}

function commandsOf(of: readonly ProgramRow[]): string {
  const commands = of.flatMap((row) => row.commands).map(commandPattern);
  return `\\n(?:${commands.join('|')})\\n`;
}

/** A program by its file name, or a Python module and what is below it. */
function commandPattern(command: string): string {
  if (command.endsWith('.*')) return `${escaped(command.slice(0, -2))}(?:\\.[^\\n]*)?`;
  return command.startsWith('/') ? escaped(command) : `(?:[^\\n]*/)?${escaped(command)}`;
}

export function escaped(text: string): string {
  return text.replace(/[.+*?()|[\]{}^$\\]/g, '\\$&');
}
