import { type AttestedTraining, type NodeKind, type TrainingInput, writtenBy } from '../../core/lineage/index.ts';
import type { Entity, LineageDocument } from './document.ts';
import { Edges } from './edges.ts';
import { compareBytes, type HashedHandFile, type LyingThere } from './found.ts';

/** What is known before documents are believed. */
export interface LineageInputs {
  /** The model at hand; `null` when none was given. */
  readonly model: { readonly name: string; readonly files: readonly HashedHandFile[] } | null;
  /** The data at hand. */
  readonly data: readonly HashedHandFile[];
  readonly documents: readonly LineageDocument[];
  /** What lies where an entity of a document says that it lies: each entity with a path. */
  readonly found: ReadonlyMap<Entity, LyingThere>;
  /** What trusted signers attest. */
  readonly trainings: readonly AttestedTraining[];
}

/** The same, with the files by their digests. */
interface Known extends LineageInputs {
  readonly ofModel: ByDigest;
  readonly ofData: ByDigest;
}

/** By SHA-256 and by MD5. */
type ByDigest = ReadonlyMap<string, HashedHandFile>;

function byDigest(files: readonly HashedHandFile[]): ByDigest {
  return new Map(files.flatMap((file) => [[file.sha256, file] as const, [file.md5, file] as const]));
}

/** The id of the model at hand. */
export const MODEL = 'model';

/** Builds the graph from a model to its runs, their data, and where those came from. */
export function joinLineage(known: LineageInputs): Edges {
  const edges = new Edges();
  const { model, data } = known;
  const inputs: Known = {
    ...known,
    ofModel: byDigest(model?.files ?? []),
    ofData: byDigest(data),
  };
  if (model !== null) {
    const [only, ...others] = model.files;
    const sha256 = only !== undefined && others.length === 0 ? only.sha256 : null;
    edges.node(MODEL, { kind: 'model', name: model.name, sha256, atHand: true });
  }
  for (const file of data) handNode(edges, file);
  for (const training of inputs.trainings) attested(edges, training, inputs);
  for (const document of inputs.documents) documented(edges, document, inputs);
  contradictions(edges, inputs);
  absences(edges);
  return edges;
}

function handNode(edges: Edges, { path, sha256 }: HashedHandFile, kind: NodeKind = 'data'): string {
  return edges.node(`sha256:${sha256}`, { kind, name: path, sha256, atHand: true });
}

const INPUT_RELATIONS = { data: 'trained on', base: 'started from', code: 'ran' } as const;

/** An edge is verified when one trusted signature covers the digests of both of its ends, and the model is the one at hand. */
function attested(edges: Edges, training: AttestedTraining, { model, data }: Known): void {
  const document = training.name;
  const own = model === null ? [] : writtenBy(training.model, model.files);
  if (model !== null && own.length === 0) {
    edges.note(`${document} is about another model than ${model.name}`);
    return;
  }
  const run = edges.node(`run:${document}`, {
    kind: 'run',
    name: training.run ?? document,
    sha256: null,
    atHand: false,
  });
  const whole = model !== null && own.length === model.files.length;
  const signed = `"${training.signer}" signed it`;
  if (model !== null) {
    const why = whole ? signed : `${signed}, of ${own.length} of ${model.files.length} files of the model`;
    edges.edge(MODEL, 'trained by', run, { status: whole ? 'verified' : 'claimed', why, document });
  }
  const status = whole ? 'verified' : 'claimed';
  const why = whole ? signed : model === null ? `${signed}; the model that it is about is not at hand` : signed;
  for (const input of training.inputs) {
    const to = inputNode(edges, input);
    edges.edge(run, INPUT_RELATIONS[input.role], to, { status, why, document });
    if (input.role === 'data' && input.uri !== null)
      edges.edge(to, 'comes from', sourceNode(edges, input.uri), { status: 'claimed', why: signed, document });
  }
  if (!whole) return;
  const inputs = training.inputs.filter(({ role }) => role === 'data');
  const given = new Set(inputs.map(({ digests }) => digests.sha256));
  const byName = new Map(inputs.map((input) => [lastPart(input.name), input]));
  for (const file of data) {
    if (given.has(file.sha256)) continue;
    const named = byName.get(lastPart(file.path));
    edges.edge(run, 'trained on', handNode(edges, file), {
      status: named === undefined ? 'absent' : 'mismatched',
      why:
        named === undefined
          ? 'the run is not said to have had this file'
          : `the run had other bytes of that name: sha256:${named.digests.sha256}`,
      document,
    });
  }
}

function inputNode(edges: Edges, { role, name, uri, digests }: TrainingInput): string {
  const kind = role === 'base' ? 'model' : role;
  const { sha256, gitCommit } = digests;
  const id = sha256 === undefined ? `git:${gitCommit}:${uri ?? name}` : `sha256:${sha256}`;
  return edges.node(id, { kind, name, sha256: sha256 ?? null, atHand: false });
}

function sourceNode(edges: Edges, uri: string): string {
  return edges.node(`source:${uri}`, { kind: 'source', name: uri, sha256: null, atHand: false });
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a document says, each thing of it compared with the bytes that are at hand. */
function documented(edges: Edges, document: LineageDocument, inputs: Known): void {
  const bases = new Set(document.claims.flatMap(({ relation, to }) => (relation === 'started from' ? [to] : [])));
  const ids = new Map<Entity, string>();
  for (const entity of document.entities) {
    const id = entityNode(edges, entity, document, inputs, bases.has(entity));
    ids.set(entity, id);
    const told = tellOf(entity, inputs);
    if (told !== undefined) edges.edge(id, 'describes', null, { ...told, document: document.name });
    if (entity.uri !== null && entity.kind === 'data')
      edges.edge(id, 'comes from', sourceNode(edges, entity.uri), {
        status: 'claimed',
        why: 'the document says so',
        document: document.name,
      });
  }
  otherModels(edges, document, inputs, bases, ids);
  for (const { from, relation, to } of document.claims) {
    const [a, b] = [ids.get(from), ids.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    edges.edge(a, relationOf(edges, a, relation), b, {
      status: 'claimed',
      why: 'the document says so',
      document: document.name,
    });
  }
  for (const note of document.notes) edges.note(`${document.name} ${note}`);
}

/** A stage of DVC writes data as well as models. */
function relationOf(edges: Edges, from: string, relation: LineageDocument['claims'][number]['relation']) {
  return relation === 'trained by' && edges.kindOf(from) !== 'model' ? 'derives from' : relation;
}

/** What is said of bytes: compared with what lies there, or why it cannot be. */
function tellOf(entity: Entity, { found, ofModel }: Known): ReturnType<typeof compareBytes> | undefined {
  const there = found.get(entity) ?? modelFile(entity, ofModel);
  if (there !== undefined) return compareBytes(entity, there);
  return entity.problem === null ? undefined : { status: 'malformed', why: entity.problem };
}

function modelFile(entity: Entity, ofModel: ByDigest): LyingThere | undefined {
  const file = entity.kind === 'model' ? fileBy(entity, ofModel) : undefined;
  return file === undefined ? undefined : { kind: 'file', file };
}

function fileBy({ digests }: Entity, files: ByDigest): HashedHandFile | undefined {
  const own = digests.find(({ algorithm, hex, of }) => of === 'bytes' && COMPARED.has(algorithm) && files.has(hex));
  return own === undefined ? undefined : files.get(own.hex);
}

const COMPARED: ReadonlySet<string> = new Set(['sha256', 'md5']);

function entityNode(
  edges: Edges,
  entity: Entity,
  document: LineageDocument,
  { model, ofModel, ofData, found }: Known,
  isBase: boolean,
): string {
  const there = found.get(entity);
  if (model !== null && !isBase && entity.kind !== 'run') {
    const own = there?.kind === 'file' ? ofModel.get(there.file.sha256) : fileBy(entity, ofModel);
    // A card beside a model speaks of it without a digest.
    const unnamed = entity.kind === 'model' && entity.digests.length === 0 && entity.path === null;
    if (own !== undefined || unnamed) return MODEL;
  }
  // An MD5 does not tell which file it is.
  const sha256 = entity.digests.find(({ algorithm }) => algorithm === 'sha256')?.hex ?? null;
  const hand = there?.kind === 'file' ? there.file : ofData.get(sha256 ?? '');
  if (hand !== undefined) return handNode(edges, hand, entity.kind);
  const node = { kind: entity.kind, name: entity.name, sha256, atHand: false };
  if (entity.kind === 'run') return edges.node(`run:${document.name}:${entity.name}`, node);
  if (sha256 !== null) return edges.node(`sha256:${sha256}`, node);
  const at = entity.path === null ? (entity.uri ?? entity.name) : `${document.name}:${entity.path}`;
  return edges.node(`${entity.kind}:${at}`, node);
}

/** A document that describes a model by its digest, and not the one at hand, was written for another. */
function otherModels(
  edges: Edges,
  document: LineageDocument,
  { model }: Known,
  bases: ReadonlySet<Entity>,
  ids: ReadonlyMap<Entity, string>,
): void {
  const described = document.entities.filter(
    (entity) =>
      entity.kind === 'model' && !bases.has(entity) && entity.digests.some(({ algorithm }) => algorithm === 'sha256'),
  );
  const [first] = described;
  if (model === null || first === undefined || described.some((entity) => ids.get(entity) === MODEL)) return;
  const sha256 = first.digests.find(({ algorithm }) => algorithm === 'sha256')?.hex;
  const why = `is another model than ${first.name} sha256:${sha256}, which the document describes`;
  edges.edge(MODEL, 'describes', ids.get(first) ?? null, { status: 'mismatched', why, document: document.name });
}

/** Documents that give two digests for one address. What is at hand was compared with each. */
function contradictions(edges: Edges, { documents, trainings }: LineageInputs): void {
  const said = new Map<string, { readonly sha256: string; readonly by: string }>();
  const tell = (uri: string | null, sha256: string | undefined, by: string) => {
    if (uri === null || sha256 === undefined) return;
    const first = said.get(uri);
    if (first === undefined) said.set(uri, { sha256, by });
    else if (first.sha256 !== sha256) {
      const why = `${first.by} and ${by} say other bytes of ${uri}: sha256:${first.sha256}, sha256:${sha256}`;
      const [from, to] = [first.sha256, sha256].map((hex) => `sha256:${hex}`);
      if (from !== undefined && to !== undefined)
        edges.edge(from, 'describes', to, { status: 'mismatched', why, document: by });
    }
  };
  for (const { name, inputs } of trainings)
    for (const { uri, role, digests } of inputs) if (role === 'data') tell(uri, digests.sha256, name);
  for (const { name, entities } of documents) {
    for (const { uri, kind, digests } of entities)
      if (kind === 'data') tell(uri, digests.find(({ algorithm }) => algorithm === 'sha256')?.hex, name);
  }
}

/** What nothing says, where something should be said. */
function absences(edges: Edges): void {
  const outgoing = new Set(edges.all().map(({ from, relation }) => `${relation} ${from}`));
  for (const { id, kind } of edges.nodes()) {
    if (id === MODEL && !outgoing.has(`trained by ${id}`))
      edges.edge(id, 'trained by', null, { status: 'absent', why: 'nothing says how it was trained' });
    if (kind === 'run' && !outgoing.has(`trained on ${id}`))
      edges.edge(id, 'trained on', null, { status: 'absent', why: 'nothing says what data it had' });
    if (kind === 'data' && !outgoing.has(`comes from ${id}`) && !outgoing.has(`derives from ${id}`))
      edges.edge(id, 'comes from', null, { status: 'absent', why: 'nothing says where it came from' });
  }
}
