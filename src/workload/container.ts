import { ArgumentReader, hasModelScheme, likeProgram } from './arguments.ts';
import { type Collector, shown } from './collector.ts';
import { ENDPOINT_VARIABLES } from './endpoint.ts';
import { isFields, own, ownList, ownText, step } from './own.ts';
import { meaningOfVariable, recognise } from './programs.ts';
import { readImage } from './reference.ts';
import { scriptOf } from './shell-words.ts';
import { MODEL_IMAGES, PROGRAMS, type ProgramRow } from './table/index.ts';
import { ReferenceFinder } from './told.ts';
import { expandVariables, readVariables, type ShellWord, tellEnvFrom, type Variables } from './variables.ts';

/** The settings of one container, read but not yet judged. */
export interface ReadContainer {
  readonly name: string | null;
  readonly where: string;
  readonly image: string | undefined;
  readonly workingDir: string | undefined;
  readonly told: ReferenceFinder;
  readonly variables: Variables;
  /** It runs a program that loads models, or its settings name a model. */
  readonly loads: boolean;
}

const VARIABLES_OF_MODELS = /model|lora|adapter|checkpoint|weights/i;

/**
 * Reads a container, or an object like one: `image`, `command`, `args`, `env`.
 * @param runs id of the program that it runs where it names no image
 */
export function readContainer(container: unknown, where: string, collector: Collector, runs?: string): ReadContainer {
  const name = ownText(container, 'name') ?? null;
  const image = ownText(container, 'image');
  const variables = readVariables(container, where, collector);
  tellEnvFrom(container, where, collector);
  const command = wordsOf(container, 'command', where, variables, collector);
  const args = [
    ...wordsOf(container, 'args', where, variables, collector),
    ...wordsOf(container, 'extraArgs', where, variables, collector),
  ];
  const told = new ReferenceFinder(collector);
  const known = new Set<ProgramRow>();
  const settings = withEnvCommand([...command, ...args], variables);
  const words = scriptOf([...command, ...args], collector) ?? [...command, ...args];
  for (const row of recognise(named(name, image), words)) known.add(row);
  const imageRuns = command.length === 0;
  const like = imageRuns ? likeProgram(words) : undefined;
  const usual = image === undefined ? runs : undefined;
  for (const row of PROGRAMS) if (row.id === like || row.id === usual) known.add(row);
  readSettings(settings, known, told, collector);
  if (collector.visit(where, words.length)) new ArgumentReader(words, known, told, collector).read(imageRuns);
  readHook(container, where, settings, told, collector);
  tellImage(image, name, where, collector);
  const loads = told.found.length > 0 || known.size > 0;
  return { name, where, image, workingDir: ownText(container, 'workingDir'), told, variables: settings, loads };
}

/** A command line that is not a container's own: a hook, or the entry point of a job. */
export function readCommandLine(words: readonly ShellWord[], told: ReferenceFinder, collector: Collector): void {
  const script = scriptOf(words, collector) ?? words;
  if (!collector.visit('', script.length)) return;
  new ArgumentReader(script, recognise(undefined, script), told, collector).read(false);
}

/** The image by which a container is known; the storage initializer of KServe is known by its name, too. */
function named(name: string | null, image: string | undefined): string | undefined {
  return name === 'storage-initializer' ? `${image ?? ''}/storage-initializer` : image;
}

function wordsOf(
  container: unknown,
  field: string,
  where: string,
  variables: Variables,
  collector: Collector,
): readonly ShellWord[] {
  const list = ownList(container, field);
  const at = step(where, field);
  if (!collector.visit(at, list.length)) return [];
  return list.flatMap((text, index) =>
    typeof text === 'string' ? [expandVariables({ text, where: step(at, index) }, variables)] : [],
  );
}

/** `env NAME=value program`: settings of a command line win over those of the container. */
function withEnvCommand(words: readonly ShellWord[], variables: Variables): Variables {
  if (words[0] === undefined || !/(?:^|\/)env$/.test(words[0].text)) return variables;
  const all = new Map(variables);
  for (const word of words.slice(1)) {
    const equals = word.text.indexOf('=');
    if (equals < 1 || !/^[A-Za-z_]\w*$/.test(word.text.slice(0, equals))) {
      if (word.text.startsWith('-')) continue;
      break;
    }
    all.set(word.text.slice(0, equals), { ...word, text: word.text.slice(equals + 1) });
  }
  return all;
}

function readSettings(
  variables: Variables,
  known: ReadonlySet<ProgramRow>,
  told: ReferenceFinder,
  collector: Collector,
): void {
  for (const [name, word] of variables) {
    const meaning = meaningOfVariable(name, known);
    if (meaning !== undefined) {
      // A variable that is set to nothing is not set for the programs of the table.
      if (word.text !== '' || word.unresolved !== undefined) told.take(meaning.means, meaning.rows, word, 'variable');
    } else if (word.unresolved !== undefined) {
      const matters = ENDPOINT_VARIABLES.has(name) || (VARIABLES_OF_MODELS.test(name) && word.harmless !== true);
      if (matters) collector.unresolved(word.where, word.unresolved);
    } else if (hasModelScheme(word.text)) {
      told.find({ finds: 'model', bare: 'path' }, 'scheme', word);
    }
  }
}

/** `lifecycle.postStart.exec.command`, where Ollama is told to pull. */
function readHook(
  container: unknown,
  where: string,
  variables: Variables,
  told: ReferenceFinder,
  collector: Collector,
): void {
  const exec = own(own(own(container, 'lifecycle'), 'postStart'), 'exec');
  if (!isFields(exec)) return;
  const at = `${where}/lifecycle/postStart/exec`;
  readCommandLine(wordsOf(exec, 'command', at, variables, collector), told, collector);
}

function tellImage(image: string | undefined, container: string | null, where: string, collector: Collector): void {
  if (image === undefined || image === '') return;
  const place = step(where, 'image');
  const read = readImage(image);
  if (read.kind !== 'reference') {
    if (read.kind === 'unresolved') collector.unresolved(place, `its image cannot be read: ${shown(read.why)}`);
    return;
  }
  const { reference, revision, pinned } = read;
  collector.image({ reference, pinned, where: place, container });
  const isModel = MODEL_IMAGES.some((part) => image.includes(part) || container?.startsWith(part) === true);
  if (!isModel) return;
  const flags = { trustRemoteCode: false, codeRevision: null, loadFormat: null, offline: false };
  collector.reference({
    reference,
    role: 'model',
    revision,
    pinned,
    endpoint: null,
    ...flags,
    where: place,
    container,
    via: 'modelcar',
  });
}
