import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { fields } from '../frames.ts';

/** The time that nodes of a graph took on one execution provider of the runtime. */
export interface NodeTime {
  readonly node: string;
  readonly op: string;
  /** As the runtime names it: `CPUExecutionProvider`. */
  readonly provider: string;
  readonly microseconds: number;
}

/** What profiles begin with: the runtime adds the time of day. */
export const PROFILE_PREFIX = 'profile';
/** Bytes of a profile: of some 20,000 nodes, run twice. */
export const MAX_PROFILE = 16 * 1024 * 1024;
const KERNEL = '_kernel_time';
const RUN = 'model_run';

/**
 * The nodes that the last run of a profile was made of, from the file that the runtime wrote. The child that wrote it ran a model that is
 * not trusted: the file is bounded, and a name in it is a name, whatever it says.
 * @throws AssayError `unsupported` without a profile that can be read; `limit` for one that is too large
 */
export async function readProfile(folder: string): Promise<NodeTime[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(PROFILE_PREFIX));
  const [name] = names;
  if (name === undefined || names.length > 1) throw new AssayError('unsupported', 'the runtime wrote no profile');
  const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AssayError('unsupported', 'the profile of the runtime is not a file');
    if (stat.size >= MAX_PROFILE)
      throw new AssayError('limit', 'the profile of the runtime is too large: the model has too many nodes');
    return profiledNodes(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** @throws AssayError `unsupported` for what is not a profile of onnxruntime */
export function profiledNodes(text: string): NodeTime[] {
  const events = parsed(text);
  const lastRun = events.findLastIndex(({ name }) => name === RUN);
  // The first run of a model compiles what it runs: events before its end are not of the last one.
  const earlier = events.slice(0, Math.max(0, lastRun)).findLastIndex(({ name }) => name === RUN);
  return events.slice(earlier + 1).flatMap(({ name, cat, dur, args }) => {
    const { provider, op_name: op } = fields(args);
    if (cat !== 'Node' || typeof name !== 'string' || !name.endsWith(KERNEL)) return [];
    if (typeof dur !== 'number' || !(dur >= 0) || typeof provider !== 'string' || typeof op !== 'string') return [];
    return [{ node: name.slice(0, -KERNEL.length), op, provider, microseconds: dur }];
  });
}

function parsed(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const events: unknown = JSON.parse(text);
    if (Array.isArray(events)) return events.map(fields);
  } catch (error) {
    throw new AssayError('unsupported', 'the profile of the runtime is not JSON', { cause: error });
  }
  throw new AssayError('unsupported', 'the profile of the runtime is not a list of events');
}
