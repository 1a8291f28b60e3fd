import { describe, expect, it } from 'vitest';
import { Collector } from '../../src/workload/collector.ts';
import { extractReferences } from '../../src/workload/index.ts';
import { compilePath, followPath } from '../../src/workload/path.ts';
import { ANNOTATIONS, CSI_ATTRIBUTES } from '../../src/workload/table/environment.ts';
import { FIELDS } from '../../src/workload/table/fields.ts';
import { POD_SPECS } from '../../src/workload/table/pod-specs.ts';
import { PROGRAMS } from '../../src/workload/table/programs.ts';
import { alternatives } from '../workload/build.ts';
import { REFUSED, SAMPLES } from './admission/cases/index.ts';
import { APPROVED, STRAY } from './admission/models.ts';
import { objectOf } from './admission/objects.ts';

// The samples of the other tests cover the tables, and expect what the documentation says.

const all = [
  ...SAMPLES.map(({ rows, kind, body }) => ({ rows, kind, body: body(APPROVED) })),
  ...REFUSED.map(({ rows, kind, body }) => ({ rows, kind, body })),
];
const has = (body: unknown, path: string): boolean =>
  followPath(compilePath(path), { value: body, where: '' }, new Collector()).length > 0;

describe('the samples for the API server', () => {
  const places = POD_SPECS.flatMap(({ id, group, kinds, paths, containers = [] }) =>
    kinds.flatMap((kind) =>
      [...paths, ...containers].flatMap((path) =>
        alternatives(path).map((place) => ({ id, kind: `${group}/${kind}`, place, whole: paths.length > 1 })),
      ),
    ),
  );
  it.each(places)('include $kind with a container at $place', ({ id, kind, place }) => {
    const own = all.filter((one) => one.kind === kind && one.rows.includes(id));
    const path = placeOf(kind, place);
    expect(own.some(({ body }) => path === undefined || has(body, path))).toBe(true);
  });

  const fields = FIELDS.flatMap(({ id, group, kinds, path }) =>
    kinds.flatMap((kind) =>
      alternatives(path)
        // Of a Bento and of the request for one, by one row.
        .filter((place) => place !== (kind === 'Bento' ? 'spec.bentoTag' : 'spec.tag'))
        .map((place) => ({ id, kind: `${group}/${kind}`, place })),
    ),
  );
  it.each(fields)('include $kind with a model at $place (%#)', ({ id, kind, place }) => {
    expect(all.some((one) => one.kind === kind && one.rows.includes(id) && has(one.body, place))).toBe(true);
  });

  const others = [...PROGRAMS, ...ANNOTATIONS].map(({ id }) => id);
  it.each([...others, ...Object.keys(CSI_ATTRIBUTES)])('include the row %s', (row) => {
    expect(all.some(({ rows }) => rows.includes(row))).toBe(true);
  });
});

/** Some alternatives of a pattern belong to one kind each. */
function placeOf(kind: string, place: string): string | undefined {
  const family = /spec\.(\w+)ReplicaSpecs/.exec(place)?.[1];
  if (family !== undefined && kind.toLowerCase() !== `kubeflow.org/${family === 'xgb' ? 'xgboost' : family}job`) {
    return undefined;
  }
  if (kind.startsWith('serving.knative.dev/')) return kind.endsWith('Revision') ? 'spec' : 'spec.template.spec';
  return place;
}

describe('the approved models of the samples', () => {
  it.each(SAMPLES.map((sample) => ({ ...sample, label: sample.title ?? '' })))(
    'are found in $kind $label (%#)',
    ({ kind, body, says }) => {
      for (const model of [APPROVED, STRAY]) {
        const { references, unresolved } = extractReferences(objectOf(kind, body(model)));
        expect(unresolved).toEqual([]);
        expect(references.map(({ reference }) => reference)).toContain(says(model));
        expect(references.filter(({ pinned }) => !pinned)).toEqual([]);
      }
    },
  );
});
