import { AssayError } from '../../../core/index.ts';
import { DocumentBuilder, digestsOf, type Entity, type LineageDocument, pathBelow } from '../document.ts';
import { jsonFields, jsonItems, jsonText } from '../json.ts';

const CONFORMS = /^https?:\/\/mlcommons\.org\/croissant\/(\d+)\.(\d+)\/?$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Words of PROV-O and schema.org for what a dataset was made of. */
const DERIVED = ['prov:wasDerivedFrom', 'wasDerivedFrom', 'prov:hadPrimarySource', 'isBasedOn', 'sc:isBasedOn'];

export function isCroissant(document: Readonly<Record<string, unknown>>): boolean {
  return conformsTo(document).some((text) => CONFORMS.test(text));
}

function conformsTo(document: Readonly<Record<string, unknown>>): readonly string[] {
  return ['conformsTo', 'dct:conformsTo'].flatMap((key) =>
    jsonItems(document[key]).flatMap((one) => jsonText(one) ?? jsonText(jsonFields(one)['@id']) ?? []),
  );
}

/**
 * Reads a Croissant description of a dataset (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html), 1.0 and 1.1.
 * @throws AssayError `unsupported` for another major version, `limit`
 */
export function readCroissant(document: Readonly<Record<string, unknown>>, name: string): LineageDocument {
  const [, major] = conformsTo(document).flatMap((text) => CONFORMS.exec(text) ?? []);
  if (major !== '1')
    throw new AssayError('unsupported', 'is of a version of Croissant that is not 1.x', { subject: name });
  const builder = new DocumentBuilder('croissant', name);
  const dataset = builder.entity({
    kind: 'data',
    name: jsonText(document.name) ?? name,
    uri: jsonText(document.url) ?? jsonText(document['@id']) ?? null,
  });
  const files = jsonItems(document.distribution).map(jsonFields);
  const known = new Map<string, Entity>();
  for (const file of files) {
    const entity = isFile(file) ? fileOf(builder, file) : undefined;
    if (entity === undefined) continue;
    known.set(jsonText(file['@id']) ?? entity.name, entity);
    builder.claim(dataset, 'derives from', entity);
  }
  for (const file of files) {
    const entity = known.get(jsonText(file['@id']) ?? '');
    for (const container of jsonItems(file.containedIn)) {
      const whole = known.get(jsonText(jsonFields(container)['@id']) ?? jsonText(container) ?? '');
      if (entity !== undefined && whole !== undefined) builder.claim(entity, 'derives from', whole);
    }
    if (entity !== undefined) sourcesOf(builder, entity, file);
  }
  sourcesOf(builder, dataset, document);
  return builder.done();
}

function isFile(file: Readonly<Record<string, unknown>>): boolean {
  return jsonItems(file['@type']).some((type) => /^(?:cr|sc):FileObject$|^FileObject$/.test(String(type)));
}

function fileOf(builder: DocumentBuilder, file: Readonly<Record<string, unknown>>): Entity {
  const at = jsonText(file.contentUrl) ?? '';
  const name = jsonText(file.name) ?? jsonText(file['@id']) ?? at;
  const digests = digestsOf({ sha256: file.sha256, md5: file.md5 });
  const none = digests.digests.length === 0 && digests.problem === null ? 'has no digest' : digests.problem;
  const common = { kind: 'data' as const, name, digests: digests.digests };
  if (at === '' || SCHEME.test(at)) return builder.entity({ ...common, uri: at === '' ? null : at, problem: none });
  const place = pathBelow(at);
  if ('problem' in place) return builder.entity({ ...common, problem: place.problem });
  return builder.entity({ ...common, path: place.path, problem: none });
}

function sourcesOf(builder: DocumentBuilder, entity: Entity, node: Readonly<Record<string, unknown>>): void {
  for (const key of DERIVED) {
    for (const one of jsonItems(node[key])) {
      const { '@id': id, url, name, 'prov:label': label, 'sc:name': named } = jsonFields(one);
      const uri = jsonText(one) ?? jsonText(id) ?? jsonText(url) ?? null;
      const text = jsonText(name) ?? jsonText(named) ?? jsonText(label) ?? uri;
      if (text !== null) builder.claim(entity, 'comes from', builder.entity({ kind: 'source', name: text, uri }));
    }
  }
}
