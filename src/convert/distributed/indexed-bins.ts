import { AssayError, parseBoundedJson, quotedName } from '../../core/index.ts';
import { tensorFormatOf } from '../sources.ts';
import { type InputFile, type TensorReadOptions, writtenBytes } from '../tensors/index.ts';
import {
  baseNameOf,
  byPath,
  folderOf,
  type ShardedCheckpoint,
  type ShardedOutput,
  type ShardedResult,
} from './form.ts';

const INDEX = /\.bin\.index\.json$/;
const PYTORCH = /^pytorch_model/;

/** Models of Hugging Face in several files: an index tells which of them has a tensor (transformers/modeling_utils.py). */
export function indexedBins(files: readonly InputFile[]): ShardedCheckpoint[] {
  const paths = byPath(files);
  return files
    .filter(({ path }) => INDEX.test(path))
    .map((index) => {
      const stem = baseNameOf(index.path).replace(INDEX, '');
      const shard = new RegExp(`^${escaped(stem)}-\\d{1,6}-of-\\d{1,6}\\.bin$`);
      const folder = folderOf(index.path);
      const shards = files.filter(({ path }) => folderOf(path) === folder && shard.test(baseNameOf(path)));
      return {
        id: 'torch-sharded',
        title: 'PyTorch model in several files',
        framework: 'pt',
        files: [index, ...shards],
        read: (options) => readShards(index, paths, options),
      };
    });
}

async function readShards(
  index: InputFile,
  files: ReadonlyMap<string, InputFile>,
  options: TensorReadOptions,
): Promise<ShardedResult> {
  const map = await weightMap(index);
  const folder = folderOf(index.path);
  const left = new Set(map.keys());
  const outputs: ShardedOutput[] = [];
  const written: Record<string, string> = Object.create(null);
  let size = 0;
  for (const name of [...new Set(map.values())].sort()) {
    const file = files.get(folder + name);
    if (file === undefined)
      throw new AssayError('unsupported', `names the file ${quotedName(name)}, which is not there`, {
        subject: index.path,
        hint: 'convert the folder with all files of the model',
      });
    const format = await tensorFormatOf(file);
    if (format === undefined)
      throw new AssayError('unsupported', 'is not a format that holds tensors', { subject: file.path });
    const set = await format.read(file, options);
    const output = outputName(name);
    for (const tensor of set.tensors) {
      if (map.get(tensor.name) !== name)
        throw new AssayError('malformed', `holds ${quotedName(tensor.name)}, which the index does not expect there`, {
          subject: file.path,
        });
      left.delete(tensor.name);
      written[tensor.name] = output;
      size += writtenBytes(tensor);
    }
    outputs.push({ path: folder + output, from: [file.path], set });
  }
  const [missing] = left;
  // What a salvage leaves out is named in its set.
  if (missing !== undefined && !options.salvage)
    throw new AssayError('malformed', `names ${quotedName(missing)}, which no file holds`, { subject: index.path });
  return { outputs, index: { path: folder + outputName(baseNameOf(index.path)), text: indexText(size, written) } };
}

/** As Hugging Face writes it. */
function indexText(size: number, written: Readonly<Record<string, string>>): string {
  const names = Object.keys(written).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const lines = names.map((name) => `    ${asAscii(name)}: ${asAscii(written[name] ?? '')}`);
  const map = lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
  return `{\n  "metadata": {\n    "total_size": ${size}\n  },\n  "weight_map": ${map}\n}\n`;
}

/** JSON as Python's `json.dumps` spells text. */
function asAscii(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function outputName(name: string): string {
  return name
    .replace(PYTORCH, 'model')
    .replace(/\.bin$/, '.safetensors')
    .replace(INDEX, '.safetensors.index.json');
}

/**
 * Which file has each tensor, as the index of a model of Hugging Face says.
 * @throws AssayError `malformed`
 */
export async function weightMap({ path, source }: InputFile): Promise<ReadonlyMap<string, string>> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: path });
  const document = parseBoundedJson(await source.read(0, source.size), path);
  const found = typeof document === 'object' && document !== null && 'weight_map' in document && document.weight_map;
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw refuse('has no weight_map');
  const map = new Map<string, string>();
  for (const [name, file] of Object.entries(found)) {
    // A shard stands beside its index: a path could lead out of the artifact.
    if (typeof file !== 'string' || !/^[^/\\]+$/.test(file) || file === '..' || file === '.')
      throw refuse(`${quotedName(name)} does not have the name of a file`);
    map.set(name, file);
  }
  if (map.size === 0) throw refuse('its weight_map is empty');
  return map;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
