import { AssayError, isContentError, parseBoundedJson, quotedName } from '../../core/index.ts';
import { Network } from '../network/index.ts';
import type { OnnxFolder, OnnxFolderSource, OnnxReadOptions, PlannedModel } from '../onnx-source/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { ModelConfig } from './config.ts';
import { readWeights, type WeightFiles } from './read-weights.ts';
import { type ModelTemplate, TEMPLATES, TemplateContext } from './templates/index.ts';

const CONFIG = 'config.json';
/** Bytes of config.json, at most. */
const MAX_CONFIG = 4 * 1024 * 1024;
const SHARD = /^(?:model|pytorch_model)-\d{1,6}-of-\d{1,6}\.(?:safetensors|bin)$/;
/** The weights that transformers looks for, the first that there is. */
const WEIGHTS = [
  ['model.safetensors', false],
  ['model.safetensors.index.json', true],
  ['pytorch_model.bin', false],
  ['pytorch_model.bin.index.json', true],
] as const;
/** What transformers adds to the weights where it is there. */
const ADAPTER = 'adapter_config.json';

/** Folders of Hugging Face: a config.json that names an architecture, and weights beside it. */
export const HUGGINGFACE: OnnxFolderSource = {
  id: 'huggingface',
  title: 'Hugging Face model',
  async find(files) {
    const found: OnnxFolder[] = [];
    for (const config of files) {
      const folder = config.path.slice(0, config.path.lastIndexOf('/') + 1);
      if (config.path !== folder + CONFIG) continue;
      const beside = new Map(
        files.flatMap((file) => (isIn(folder, file.path) ? [[file.path.slice(folder.length), file] as const] : [])),
      );
      const weights = weightsIn(beside);
      if (weights === undefined) continue;
      const values = await readConfig(config).catch(refused);
      if (values === undefined) continue;
      const taken = [...beside].filter(
        ([name]) => name === CONFIG || SHARD.test(name) || WEIGHTS.some(([one]) => one === name),
      );
      found.push({
        path: `${folder}model`,
        files: [config, ...taken.flatMap(([, file]) => (file === config ? [] : [file]))],
        plan: async (options) => {
          if (values instanceof AssayError) throw values;
          return await plan(new ModelConfig(values, config.path), weights, beside.has(ADAPTER), options);
        },
      });
    }
    return found;
  },
};

/** An error of the file, which its plan throws. */
function refused(error: unknown): AssayError {
  if (isContentError(error)) return error;
  throw error;
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(folder) && !path.slice(folder.length).includes('/');
}

function weightsIn(beside: ReadonlyMap<string, InputFile>): WeightFiles | undefined {
  for (const [name, isIndex] of WEIGHTS) {
    const main = beside.get(name);
    if (main !== undefined) return { main, isIndex, beside };
  }
  return undefined;
}

/** The values of a config.json; `undefined` for one of another program. */
async function readConfig({ path, source }: InputFile): Promise<ReadonlyMap<string, unknown> | undefined> {
  if (source.size > MAX_CONFIG) throw new AssayError('limit', `has more than ${MAX_CONFIG} bytes`, { subject: path });
  const document = parseBoundedJson(await source.read(0, source.size), path);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const values = new Map<string, unknown>(Object.entries(document));
  return ['model_type', 'architectures', 'auto_map'].some((key) => values.has(key)) ? values : undefined;
}

async function plan(
  config: ModelConfig,
  files: WeightFiles,
  hasAdapter: boolean,
  options: OnnxReadOptions,
): Promise<PlannedModel> {
  if (config.has('auto_map')) throw config.refuse('it has code of its own (auto_map), which is not run');
  if (config.has('quantization_config')) throw config.refuse('its weights are quantised (quantization_config)');
  if (hasAdapter)
    throw config.refuse(`an adapter changes its weights (${ADAPTER})`, 'merge the adapter into the model, and save it');
  const { name, build, template } = architectureOf(config);
  const weights = await readWeights(files, options);
  const net = new Network(options, config.path);
  const outputs = build(new TemplateContext(net, config, weights));
  config.refuseOthers();
  weights.refuseOthers(template.otherTensors);
  const version = config.has('transformers_version') ? config.text('transformers_version') : undefined;
  return { graph: net.graph, outputs, source: { class: name, library: 'transformers', version } };
}

function architectureOf(config: ModelConfig) {
  const type = config.text('model_type');
  const template: ModelTemplate | undefined = Object.hasOwn(TEMPLATES, type) ? TEMPLATES[type] : undefined;
  if (template === undefined)
    throw config.refuse(
      `its model_type ${quotedName(type)} has no template: ${Object.keys(TEMPLATES).join(', ')} have`,
    );
  const [name = '', ...more] = config.texts('architectures');
  const build = Object.hasOwn(template.architectures, name) ? template.architectures[name] : undefined;
  if (build === undefined || more.length > 0)
    throw config.refuse(
      `its architecture ${quotedName([name, ...more].join(', '))} has no template: ${Object.keys(template.architectures).join(', ')} have`,
    );
  return { name, build, template };
}
