import { AssayError } from '../../../core/index.ts';
import { DocumentBuilder, digestsOf, type Entity, type LineageDocument } from '../document.ts';
import { jsonFields, jsonItems, jsonWords } from '../json.ts';

/** The first version with machine-learning models is 1.5. */
const VERSIONS: ReadonlySet<unknown> = new Set(['1.5', '1.6', '1.7']);
/** CWE-674: components within components, and ancestors of ancestors. */
const MAX_DEPTH = 16;

type Component = Readonly<Record<string, unknown>>;

export function isCycloneDx(document: Component): boolean {
  return document.bomFormat === 'CycloneDX';
}

/**
 * Reads the models, data and ancestors of a bill of materials (https://cyclonedx.org/docs/1.7/json/).
 * @throws AssayError `unsupported` for a version without models, `limit`
 */
export function readCycloneDx(document: Component, name: string): LineageDocument {
  if (!VERSIONS.has(document.specVersion))
    throw new AssayError('unsupported', 'is not of CycloneDX 1.5, 1.6 or 1.7', { subject: name });
  return new BillReader(document, name).read();
}

class BillReader {
  readonly #builder: DocumentBuilder;
  readonly #components: readonly Component[];
  readonly #byRef = new Map<string, Entity>();

  constructor(document: Component, name: string) {
    this.#builder = new DocumentBuilder('cyclonedx', name);
    const roots = [jsonFields(document.metadata).component, ...jsonItems(document.components)].map(jsonFields);
    this.#components = flattened(roots, 'components', name);
  }

  read(): LineageDocument {
    const known = this.#components.flatMap((component) => {
      const entity = this.#entityOf(component);
      const ref = jsonWords(component['bom-ref']);
      if (entity !== undefined && ref !== undefined) this.#byRef.set(ref, entity);
      return entity === undefined ? [] : [{ component, entity }];
    });
    for (const { component, entity } of known) {
      if (entity.kind === 'model') this.#trainingOf(component, entity);
      this.#ancestorsOf(component, entity, 0);
    }
    return this.#builder.done();
  }

  #entityOf(component: Component): Entity | undefined {
    const kind = component.type === 'machine-learning-model' ? 'model' : component.type === 'data' ? 'data' : undefined;
    if (kind === undefined) return undefined;
    const hashes = jsonItems(component.hashes).map(jsonFields);
    const hashOf = (alg: string) => hashes.find((hash) => hash.alg === alg)?.content;
    const version = jsonWords(component.version);
    const name = [jsonWords(component.group), jsonWords(component.name) ?? 'a component without a name'];
    return this.#builder.entity({
      kind,
      name: `${name.filter((part) => part !== undefined).join('/')}${version === undefined ? '' : `@${version}`}`,
      uri: jsonWords(component.purl) ?? null,
      ...digestsOf({ sha256: hashOf('SHA-256'), md5: hashOf('MD5') }),
    });
  }

  #trainingOf(component: Component, model: Entity): void {
    const parameters = jsonFields(jsonFields(component.modelCard).modelParameters);
    const datasets = jsonItems(parameters.datasets).map(jsonFields);
    if (datasets.length === 0) return;
    const run = this.#builder.entity({ kind: 'run', name: model.name });
    this.#builder.claim(model, 'trained by', run);
    for (const dataset of datasets) this.#builder.claim(run, 'trained on', this.#datasetOf(dataset));
  }

  /** By reference to a component, or as it stands in the model card. */
  #datasetOf(dataset: Component): Entity {
    const ref = jsonWords(dataset.ref);
    const component = ref === undefined ? undefined : this.#byRef.get(ref);
    if (component !== undefined) return component;
    if (ref !== undefined)
      return this.#builder.entity({
        kind: 'data',
        name: ref,
        problem: 'is a reference to a component that is not there',
      });
    const name = jsonWords(dataset.name) ?? 'a dataset without a name';
    return this.#builder.entity({ kind: 'data', name, uri: jsonWords(jsonFields(dataset.contents).url) ?? null });
  }

  #ancestorsOf(component: Component, entity: Entity, depth: number): void {
    if (depth >= MAX_DEPTH) {
      this.#builder.note(`names ancestors more than ${MAX_DEPTH} deep, which were left out`);
      return;
    }
    for (const ancestor of jsonItems(jsonFields(component.pedigree).ancestors).map(jsonFields)) {
      const ref = jsonWords(ancestor['bom-ref']);
      const base =
        (ref === undefined ? undefined : this.#byRef.get(ref)) ?? this.#entityOf({ type: component.type, ...ancestor });
      if (base === undefined || base === entity) continue;
      this.#builder.claim(entity, entity.kind === 'model' ? 'started from' : 'derives from', base);
      this.#ancestorsOf(ancestor, base, depth + 1);
    }
  }
}

function flattened(roots: readonly Component[], key: string, name: string): readonly Component[] {
  const all: Component[] = [];
  const add = (components: readonly Component[], depth: number) => {
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', `has components more than ${MAX_DEPTH} deep`, { subject: name });
    for (const component of components) {
      all.push(component);
      add(jsonItems(component[key]).map(jsonFields), depth + 1);
    }
  };
  add(roots, 0);
  return all;
}
