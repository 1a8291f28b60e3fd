import type { ByteSource } from '../../../core/bytes/index.ts';
import { isAssayError } from '../../../core/index.ts';
import { type Encoding, newDecoder } from '../../../formats/index.ts';
import { readSettings } from '../../../formats/settings/index.ts';
import type { CodeFact, ScanContext } from '../../scanner/index.ts';
import { type ConfigDocument, jsonDocument, textsAt, valuesAt, yamlDocument } from './document.ts';
import { hubArmings } from './hub.ts';
import { installSources } from './requirements.ts';
import {
  bentoMl,
  buildBackend,
  builtBento,
  installCommands,
  mlFlow,
  mlServer,
  pickleModule,
  torchServe,
} from './serving.ts';

/** Bytes of a configuration; a longer one is not read by a person either. */
const MAX_CONFIG = 8 * 1024 * 1024;
const HELD = 16;

/** A configuration, or a list of packages. */
export interface ToldText {
  readonly source: ByteSource;
  readonly kind: string;
  /** In the artifact, or in the containers around, `!` between them. */
  readonly path: string;
  readonly encoding: Encoding;
}

/**
 * Tells what a document makes loaders run. What it cannot read of a document that names code is not passed over: the file is unknown then.
 * @throws AssayError `malformed`, `limit`
 */
export async function tellArmings({ source, kind, path, encoding }: ToldText, context: ScanContext): Promise<void> {
  if (source.size > MAX_CONFIG) {
    context.incomplete(`names code for loaders, and has more than ${MAX_CONFIG} bytes`);
    return;
  }
  const held = HELD * source.size;
  context.budget.hold(held);
  const raw = await source.read(0, source.size);
  const bytes = encoding === 'utf-8' ? raw : Buffer.from(newDecoder(encoding).decode(raw));
  const inner = path.slice(path.lastIndexOf('!') + 1);
  const folder = inner.slice(0, inner.lastIndexOf('/') + 1);
  const name = inner.slice(folder.length);
  for (const fact of armingsIn(bytes, kind, name, folder)) context.tells(fact);
  if (LISTS.test(name)) for (const one of installSources(Buffer.from(bytes).toString('utf8'))) context.report(one);
  if (name.endsWith('.ipynb')) await cells(jsonDocument(bytes), context);
  context.budget.release(held);
}

const LISTS = /^(?:[\w.-]*requirements?[\w.-]*\.(?:txt|in)|(?:conda|environment|python_env)\.ya?ml|pipfile)$/i;

function armingsIn(bytes: Uint8Array, kind: string, name: string, folder: string): CodeFact[] {
  if (kind === 'json') {
    const document = jsonDocument(bytes);
    if (document === undefined) return [];
    if (name === 'MANIFEST.json' && folder.endsWith('MAR-INF/')) return torchServe(document, folder);
    if (name === 'model-settings.json') return mlServer(document, folder);
    return hubArmings(document, name, folder);
  }
  const text = Buffer.from(bytes).toString('utf8');
  if (name === 'pyproject.toml') {
    const keys: [string, string][] = [];
    readSettings(text, { section: () => undefined, pair: (key, value) => keys.push([key, value]) });
    return buildBackend(keys, folder);
  }
  if (name === 'setup.cfg') return installCommands(text, folder);
  if (name === 'pickle_module_info.txt') return pickleModule(text);
  const read = name === 'MLmodel' ? mlFlow : bentoReader(name);
  const document = read === undefined ? undefined : yaml(text);
  return document === undefined || read === undefined ? [] : read(document, folder);
}

function bentoReader(name: string): typeof bentoMl | undefined {
  if (/^bentofile\.ya?ml$/.test(name)) return bentoMl;
  return /^bento\.ya?ml$/.test(name) ? builtBento : undefined;
}

/** What is not YAML, no loader of it reads: its scanner says so. */
function yaml(text: string): ConfigDocument | undefined {
  try {
    return yamlDocument(text);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'malformed') throw error;
    return undefined;
  }
}

/** The code cells of a notebook, as one program. */
async function cells(document: ConfigDocument | undefined, context: ScanContext): Promise<void> {
  const sheets = valuesAt(document, 'worksheets').flatMap((one) => (one.kind === 'list' ? one.items : []));
  const all = [document, ...sheets].flatMap((one) =>
    valuesAt(one, 'cells').flatMap((list) => (list.kind === 'list' ? list.items : [])),
  );
  const code = all
    .filter((cell) => textsAt(cell, 'cell_type').includes('code'))
    .map((cell) => [...textsAt(cell, 'source'), ...textsAt(cell, 'input')].join(''));
  // Lines of the shell and commands of the notebook are not Python.
  const program = code.join('\n').replace(/^[ \t]*[!%?].*$/gm, '');
  const { textFacts } = await import('../../python/judge/index.ts');
  const { reportPayloads } = await import('../../python/index.ts');
  reportPayloads(textFacts(program), context);
}
