import { AssayError } from '../../../core/index.ts';
import { DocumentBuilder, digestsOf, type Entity, type LineageDocument, pathBelow } from '../document.ts';
import { jsonFields, jsonItems, jsonWords } from '../json.ts';

const CONFORMS = /^https?:\/\/mlcommons\.org\/croissant\/(\d+)\.(\d+)\/?$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Words of PROV-O and schema.org for what a dataset was made of. */
const DERIVED = ['prov:wasDerivedFrom', 'wasDerivedFrom', 'prov:hadPrimarySource', 'isBasedOn', 'sc:isBasedOn'];

export function isCroissant(document: Readonly<Record<string, unknown>>): boolean {
  return conformsTo(document).some((text) => CONFORMS.test(text));
}

function conformsTo(document: Readonly<Record<string, unknown>>): readonly string[] {
  return ['conformsTo', 'dct:conformsTo'].flatMap((key) =>
    jsonItems(document[key]).flatMap((one) => jsonWords(one) ?? jsonWords(jsonFields(one)['@id']) ?? []),
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
    name: jsonWords(document.name) ?? name,
    uri: jsonWords(document.url) ?? jsonWords(document['@id']) ?? null,
  });
  const files = jsonItems(document.distribution).map(jsonFields);
  const known = new Map<string, Entity>();
  for (const file of files) {
    const entity = isFile(file) ? fileOf(builder, file) : undefined;
    if (entity === undefined) continue;
    known.set(jsonWords(file['@id']) ?? entity.name, entity);
    builder.claim(dataset, 'derives from', entity);
  }
  for (const file of files) {
    const entity = known.get(jsonWords(file['@id']) ?? '');
    for (const container of jsonItems(file.containedIn)) {
      const whole = known.get(jsonWords(jsonFields(container)['@id']) ?? jsonWords(container) ?? '');
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
  const at = jsonWords(file.contentUrl) ?? '';
  const name = jsonWords(file.name) ?? jsonWords(file['@id']) ?? at;
  const digests = digestsOf({ sha256: file.sha256, md5: file.md5 });
  const common = { kind: 'data' as const, name, digests: digests.digests };
  if (at === '' || SCHEME.test(at))
    return builder.entity({ ...common, uri: at === '' ? null : at, problem: digests.problem });
  const place = pathBelow(at);
  if ('problem' in place) return builder.entity({ ...common, problem: place.problem });
  return builder.entity({ ...common, path: place.path, problem: digests.problem });
}

function sourcesOf(builder: DocumentBuilder, entity: Entity, node: Readonly<Record<string, unknown>>): void {
  for (const key of DERIVED) {
    for (const one of jsonItems(node[key])) {
      const { '@id': id, url, name, 'prov:label': label, 'sc:name': named } = jsonFields(one);
      const uri = jsonWords(one) ?? jsonWords(id) ?? jsonWords(url) ?? null;
      const text = jsonWords(name) ?? jsonWords(named) ?? jsonWords(label) ?? uri;
      if (text !== null) builder.claim(entity, 'comes from', builder.entity({ kind: 'source', name: text, uri }));
    }
  }
}
