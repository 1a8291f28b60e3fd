import { describe, expect, it } from 'vitest';
import { extractReferences } from '../../src/workload/index.ts';
import { ANNOTATIONS, CSI_ATTRIBUTES, ENDPOINTS, MODEL_SCHEMES } from '../../src/workload/table/environment.ts';
import { FIELDS } from '../../src/workload/table/fields.ts';
import { POD_SPECS } from '../../src/workload/table/pod-specs.ts';
import { PROGRAMS } from '../../src/workload/table/programs.ts';
import type { Finds, Means, ProgramRow } from '../../src/workload/table/types.ts';
import { kindOf, objectsAt, podOf } from './build.ts';
import { FIELD_VALUES, VALUES } from './samples.ts';

const SERVES = { containers: [{ name: 'c', image: 'acme/x', args: ['--model', 'acme/llama'] }] };

describe('the rows of the tables', () => {
  it('have unique ids, and a documentation page', () => {
    const rows = [...PROGRAMS, ...POD_SPECS, ...FIELDS, ...ENDPOINTS, ...ANNOTATIONS];
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { see } of rows) expect(see).toMatch(/^https:\/\/[\w.-]+\/\S*$/);
  });

  const places = POD_SPECS.flatMap((row) =>
    row.kinds.flatMap((kind) => row.paths.map((path) => ({ row, kind, path }))),
  );
  it.each(places)('give $kind a PodSpec at $path', ({ row, kind, path }) => {
    for (const object of objectsAt(path, SERVES)) {
      const found = extractReferences({ ...kindOf(row.group, kind), ...object });
      expect(found.references).toMatchObject([{ reference: 'hf://acme/llama', container: 'c' }]);
      expect(found.podSpecs).toBeGreaterThan(0);
    }
  });

  const containers = POD_SPECS.flatMap((row) =>
    row.kinds.flatMap((kind) => (row.containers ?? []).map((path) => ({ row, kind, path }))),
  );
  it.each(containers)('give $kind a container at $path', ({ row, kind, path }) => {
    for (const object of objectsAt(path, { args: ['--model', 'acme/llama'] })) {
      const { references } = extractReferences({ ...kindOf(row.group, kind), ...object });
      expect(references).toMatchObject([{ reference: 'hf://acme/llama' }]);
    }
  });

  const fields = FIELDS.flatMap((row) => row.kinds.map((kind) => ({ row, kind, id: row.id })));
  it.each(fields)('give $kind the field $id', ({ row, kind, id }) => {
    const sample = FIELD_VALUES[id];
    if (sample === undefined) throw new Error(`give a sample for ${id} in samples.ts`);
    const [value, finds, unresolved] = sample;
    for (const object of objectsAt(row.path, value)) {
      const found = extractReferences({ ...kindOf(row.group, kind), ...object });
      expect(found.references.map(({ reference }) => reference)).toEqual(finds);
      expect(found.unresolved.map(({ why }) => why)).toEqual(unresolved ? [expect.stringMatching(unresolved)] : []);
      if (id !== 'rayjob-entrypoint') for (const { via } of found.references) expect(via).toBe(id);
    }
  });
});

describe('the program', () => {
  const told = PROGRAMS.flatMap((row) => [
    ...Object.entries(row.takes).map(([name, means]) => ({ id: row.id, row, name, means, how: 'argument' as const })),
    ...Object.entries(row.env).map(([name, means]) => ({ id: row.id, row, name, means, how: 'variable' as const })),
  ]);

  it.each(told)('$id reads the $how $name', ({ row, name, means, how }) => {
    const [value, wanted] = sampleOf(means);
    const spellings =
      how === 'variable'
        ? [{ env: [{ name, value }] }]
        : [
            { args: [name, value] },
            { args: [`${name}=${value}`] },
            { args: [name.replaceAll(/(?<=\w)-/g, '_'), value] },
          ];
    for (const spelled of spellings) {
      const base = how === 'argument' && 'sets' in means ? withModel(row, spelled) : spelled;
      const found = extractReferences(podOf({ ...runs(row), ...base }));
      if ('unread' in means) expect(found.unresolved).toMatchObject([{ why: means.unread }]);
      else if ('ignores' in means) expect(found).toMatchObject({ references: [], unresolved: [] });
      else if ('finds' in means) {
        // A program that is known by its arguments alone may share them with another.
        const via = row.images.length + row.commands.length > 0 ? row.id : expect.any(String);
        expect(found.references).toMatchObject([{ reference: wanted, role: means.finds, via }]);
        expect(found.unresolved).toEqual([]);
      } else if (how === 'argument') expect(JSON.stringify(found.references)).toContain(wanted);
    }
  });

  const after = PROGRAMS.flatMap((row) =>
    Object.entries(row.after ?? {}).map(([word, finds]) => ({ row, word, finds })),
  );
  it.each(after)('$row.id reads the model after $word', ({ row, word, finds }) => {
    const [value, reference] = VALUES[finds.bare ?? 'hub'];
    const { references } = extractReferences(podOf({ command: [row.commands[0], word, value] }));
    expect(references).toMatchObject([{ reference, via: row.id }]);
  });

  it.each(PROGRAMS.filter(({ pairs }) => pairs !== undefined))('$id reads pairs of arguments', (row) => {
    const args = ['s3://bucket/a/', '/mnt/models/a', 's3://bucket/b/', '/mnt/models/b'];
    const { references } = extractReferences(podOf({ ...runs(row), args }));
    expect(references.map(({ reference }) => reference)).toEqual(['s3://bucket/a/', 's3://bucket/b/']);
  });
});

/** Runs the program by its image, or else by its command. */
function runs(row: ProgramRow): object {
  const [image] = row.images;
  if (image !== undefined) return { image: image.endsWith('/') ? `${image}x:1` : `reg.io/${image}:1` };
  const [command] = row.commands;
  return command === undefined ? {} : { command: [command] };
}

/** The arguments that change a setting, after a model that the same row finds. */
function withModel(row: ProgramRow, { args }: { args?: readonly string[]; env?: unknown }): object {
  const takes = Object.entries(row.takes);
  const wanted = takes.flatMap(([name, means]) =>
    'finds' in means && means.shape === undefined && name.startsWith('--') ? [name, sampleOf(means)[0]] : [],
  );
  const [word] = Object.keys(row.after ?? {});
  return { args: wanted.length > 0 ? [...wanted, ...(args ?? [])] : [word, 'acme/llama', ...(args ?? [])] };
}

function sampleOf(means: Means): readonly [value: string, wanted: string] {
  if ('unread' in means || 'ignores' in means) return ['acme/other', ''];
  if ('sets' in means) {
    const boolean = means.sets === 'trustRemoteCode' || means.sets === 'offline';
    return boolean ? ['true', `"${means.sets}":true`] : ['v9', 'v9'];
  }
  return shaped(means, VALUES[means.bare ?? 'hub']);
}

function shaped({ shape }: Finds, [value, reference]: readonly [string, string]): readonly [string, string] {
  if (shape === 'named' || shape === 'commas') return [`n=${value}`, reference];
  if (shape === 'scaled') return [`${value}:0.5`, reference];
  return shape === 'json' ? [JSON.stringify({ model: value }), reference] : [value, reference];
}

describe('the reader of a Pod', () => {
  const servers = ENDPOINTS.flatMap((row) => row.names.map((name) => ({ row, name })));
  it.each(servers)('applies $name to the server of a reference', ({ row, name }) => {
    for (const scheme of row.schemes) {
      const model = scheme === 'models' ? 'models:/m/1' : `${scheme}://bucket/m`;
      const env = [{ name, value: row.means === 'switch' ? 'True' : 'https://mirror.example/' }];
      const { references } = extractReferences(podOf({ args: ['--model', model], env }));
      const moved =
        row.means === 'switch' ? { reference: 'modelscope://bucket/m' } : { endpoint: 'https://mirror.example' };
      expect(references).toMatchObject([moved]);
    }
  });

  it.each(ANNOTATIONS)('reads the annotation $id', ({ name, finds }) => {
    const template = { metadata: { annotations: { [name]: 's3://bucket/m' } }, spec: { containers: [] } };
    const { references } = extractReferences({ ...kindOf('apps', 'Deployment'), spec: { template } });
    expect(references).toMatchObject([{ reference: 's3://bucket/m', role: finds }]);
  });

  it.each(MODEL_SCHEMES)('finds a model with the scheme %s in any argument or variable', (scheme) => {
    const model = scheme === 'models:' ? 'models:/m/1' : `${scheme}//acme.io/m`;
    for (const container of [
      { args: ['--any', model] },
      { args: [`--any=${model}`] },
      { env: [{ name: 'X', value: model }] },
    ]) {
      expect(extractReferences(podOf(container)).references).toMatchObject([{ via: 'scheme', role: 'model' }]);
    }
  });

  it.each(Object.entries(CSI_ATTRIBUTES))('reads a CSI volume of %s', (key, kind) => {
    const [driver = '', attribute = ''] = key.split(':');
    const value = kind === 'image' ? 'reg.io/acme/m:1' : 'bucket';
    const volumes = [{ name: 'v', csi: { driver, volumeAttributes: { [attribute]: value } } }];
    const reference = kind === 'image' ? 'oci://reg.io/acme/m:1' : `${kind}://bucket/`;
    expect(extractReferences(podOf({}, { volumes })).references).toMatchObject([{ reference, via: 'volume-csi' }]);
  });
});
