import { DocumentBuilder, type Entity, type LineageDocument } from '../document.ts';
import { isJsonFields, jsonFields, jsonItems, jsonWords } from '../json.ts';

type Node = Readonly<Record<string, unknown>>;

export function isMlflowRun(document: Node): boolean {
  const run = runIn(document);
  return isJsonFields(run.inputs) && (isJsonFields(run.info) || isJsonFields(run.data));
}

function runIn(document: Node): Node {
  return isJsonFields(document.run) ? document.run : document;
}

/**
 * Reads the inputs of an MLflow run (`Run.to_dictionary()`, or the answer of `GET /api/2.0/mlflow/runs/get`). The digest of a dataset is
 * of some of its rows, made by a function of its class: it is shown, and never compared.
 * @throws AssayError `limit`
 */
export function readMlflowRun(document: Node, name: string): LineageDocument {
  const { info, inputs } = runIn(document);
  const builder = new DocumentBuilder('mlflow', name);
  const { run_name: runName, run_id: id } = jsonFields(info);
  const run = builder.entity({ kind: 'run', name: jsonWords(runName) ?? jsonWords(id) ?? name });
  for (const input of jsonItems(jsonFields(inputs).dataset_inputs).map(jsonFields)) {
    const dataset = datasetOf(builder, jsonFields(input.dataset));
    builder.claim(run, /test|eval|valid/i.test(contextOf(input)) ? 'tested on' : 'trained on', dataset);
  }
  builder.note('gives digests of samples of its data, which cannot be compared with files');
  return builder.done();
}

const CONTEXT = 'mlflow.data.context';

/** The API answers with a list of tags, and the library with a dictionary. */
function contextOf(input: Node): string {
  const tag = jsonItems(input.tags)
    .map(jsonFields)
    .find(({ key }) => key === CONTEXT);
  return jsonWords(tag?.value) ?? jsonWords(jsonFields(input.tags)[CONTEXT]) ?? '';
}

function datasetOf(builder: DocumentBuilder, dataset: Node): Entity {
  const hex = jsonWords(dataset.digest);
  return builder.entity({
    kind: 'data',
    name: jsonWords(dataset.name) ?? 'a dataset without a name',
    uri: addressOf(dataset.source),
    digests: hex === undefined ? [] : [{ algorithm: 'mlflow', hex: hex.slice(0, 100), of: 'sample' }],
    problem: 'has a digest of a sample of its rows, so its bytes cannot be compared',
  });
}

/** The source is JSON within JSON: `{"uri": ...}`, `{"url": ...}`, `{"path": ...}`. */
function addressOf(source: unknown): string | null {
  const text = jsonWords(source);
  if (text === undefined) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text;
  }
  const { uri, url, path } = jsonFields(parsed);
  return jsonWords(uri) ?? jsonWords(url) ?? jsonWords(path) ?? null;
}
