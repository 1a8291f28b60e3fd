import { DocumentBuilder, digestsOf, type Entity, type LineageDocument } from '../document.ts';
import { jsonFields, jsonItems, jsonWords } from '../json.ts';

const CONTEXT = /^https:\/\/spdx\.org\/rdf\/3\.\d+\.\d+\/spdx-context\.jsonld$/;

type Element = Readonly<Record<string, unknown>>;

export function isSpdx(document: Element): boolean {
  return jsonItems(document['@context']).some((context) => typeof context === 'string' && CONTEXT.test(context));
}

const KINDS: Readonly<Record<string, Entity['kind']>> = { ai_AIPackage: 'model', dataset_DatasetPackage: 'data' };

/**
 * Reads the AI and dataset packages of an SPDX 3 document, and what the models were trained and tested on
 * (https://spdx.github.io/spdx-spec/v3.0.1/model/AI/AI/).
 * @throws AssayError `limit`
 */
export function readSpdx(document: Element, name: string): LineageDocument {
  const builder = new DocumentBuilder('spdx', name);
  const elements = jsonItems(document['@graph']).map(jsonFields);
  const byId = new Map(elements.flatMap((element) => idsOf(element).map((id) => [id, element] as const)));
  const entities = new Map<string, Entity>();
  for (const element of elements) {
    const kind = KINDS[typeOf(element)];
    if (kind === undefined) continue;
    const entity = packageOf(builder, kind, element, byId);
    for (const id of idsOf(element)) entities.set(id, entity);
  }
  const runs = new Map<Entity, Entity>();
  const runOf = (model: Entity) => {
    const run = runs.get(model) ?? builder.entity({ kind: 'run', name: model.name });
    if (!runs.has(model)) builder.claim(model, 'trained by', run);
    runs.set(model, run);
    return run;
  };
  for (const { from, to, relation } of relationsOf(elements)) {
    const model = entities.get(from);
    if (model === undefined) continue;
    for (const id of to) {
      const other = entities.get(id) ?? missing(builder, relation, id);
      if (relation === 'descendantOf')
        builder.claim(model, model.kind === 'model' ? 'started from' : 'derives from', other);
      else if (model.kind === 'model')
        builder.claim(runOf(model), relation === 'trainedOn' ? 'trained on' : 'tested on', other);
    }
  }
  return builder.done();
}

const RELATIONS = ['trainedOn', 'testedOn', 'descendantOf'] as const;

function relationsOf(elements: readonly Element[]) {
  return elements.flatMap((element) => {
    if (!/Relationship$/.test(typeOf(element))) return [];
    const relation = RELATIONS.find((known) => known === element.relationshipType);
    const from = idOf(element.from);
    if (relation === undefined || from === undefined) return [];
    return [{ relation, from, to: jsonItems(element.to).flatMap((one) => idOf(one) ?? []) }];
  });
}

function missing(builder: DocumentBuilder, relation: (typeof RELATIONS)[number], id: string): Entity {
  const kind = relation === 'descendantOf' ? 'model' : 'data';
  return builder.entity({ kind, name: id, problem: 'is a reference to an element that is not there' });
}

function packageOf(
  builder: DocumentBuilder,
  kind: Entity['kind'],
  element: Element,
  byId: ReadonlyMap<string, Element>,
): Entity {
  const hashes = jsonItems(element.verifiedUsing).map((one) =>
    jsonFields(typeof one === 'string' ? byId.get(one) : one),
  );
  const hashOf = (algorithm: string) => hashes.find((hash) => hash.algorithm === algorithm)?.hashValue;
  const version = jsonWords(element.software_packageVersion);
  return builder.entity({
    kind,
    name: `${jsonWords(element.name) ?? jsonWords(element.spdxId) ?? 'a package without a name'}${version === undefined ? '' : `@${version}`}`,
    uri: jsonWords(element.software_downloadLocation) ?? jsonWords(element.software_packageUrl) ?? null,
    ...digestsOf({ sha256: hashOf('sha256'), md5: hashOf('md5') }),
  });
}

function typeOf(element: Element): string {
  return jsonWords(element.type) ?? jsonWords(element['@type']) ?? '';
}

function idsOf(element: Element): readonly string[] {
  return [element.spdxId, element['@id']].flatMap((id) => jsonWords(id) ?? []);
}

function idOf(value: unknown): string | undefined {
  return jsonWords(value) ?? jsonWords(jsonFields(value).spdxId) ?? jsonWords(jsonFields(value)['@id']);
}
