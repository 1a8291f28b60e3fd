import { LOADS_BY_API } from '../../../../src/workload/posture/table/servers.ts';
import { PROGRAMS } from '../../../../src/workload/table/programs.ts';
import type { Finds, ProgramRow } from '../../../../src/workload/table/types.ts';
import type { Model } from '../models.ts';
import type { Sample } from '../sample.ts';

/** The reference that a value without a scheme means in an argument, if it can be pinned. */
const PINNED: Readonly<Record<string, (model: Model) => readonly [value: string, says: string]>> = {
  hub: ({ repo, commit, hub }) => [`${repo}@${commit}`, hub],
  'hub-quant': ({ repo, commit, hub }) => [`${repo}@${commit}:Q4_K_M`, hub],
  path: ({ s3 }) => [s3, s3],
};

/** Programs whose models can be approved: the others load whatever their API is asked for. */
const APPROVABLE = PROGRAMS.filter(({ id }) => !Object.hasOwn(LOADS_BY_API, id));

/** Every argument and every variable that names a model according to the tables. */
export const FLAGS: readonly Sample[] = APPROVABLE.flatMap((row) => [
  ...Object.entries(row.takes).flatMap(([name, means]) =>
    'finds' in means ? sampleOf(row, name, means, (value) => ({ args: [name, value] })) : [],
  ),
  ...Object.entries(row.env).flatMap(([name, means]) =>
    'finds' in means ? sampleOf(row, name, means, (value) => ({ env: [{ name, value }] })) : [],
  ),
  ...Object.entries(row.after ?? {}).flatMap(([word, finds]) =>
    sampleOf(row, `${word} MODEL`, finds, (value) => ({ command: [row.commands[0], word, value] })),
  ),
]);

function sampleOf(row: ProgramRow, title: string, finds: Finds, told: (value: string) => object): readonly Sample[] {
  const pinned = PINNED[finds.bare ?? 'hub'];
  if (pinned === undefined) return [];
  const isData = finds.finds === 'dataset' ? ({ isData: true } as const) : {};
  const spec = (model: Model) => {
    const [value] = pinned(model);
    return { containers: [{ name: 'server', image: imageOf(row), ...told(shaped(finds, value)) }] };
  };
  return [
    {
      rows: [row.id],
      kind: '/Pod',
      title: `${row.id}: ${title}`,
      body: (model) => ({ spec: spec(model) }),
      says: (model) => pinned(model)[1],
      ...isData,
    },
  ];
}

function shaped({ shape }: Finds, value: string): string {
  if (shape === 'named' || shape === 'commas') return `n=${value}`;
  if (shape === 'scaled') return `${value}:0.5`;
  return shape === 'json' ? JSON.stringify({ model: value }) : value;
}

/** The name or image by which the program is recognized, if it has one. */
function imageOf({ images }: ProgramRow): string {
  const [part] = images;
  if (part === undefined) return 'ghcr.io/acme/program:1';
  return part.endsWith('/') ? `${part}x:1` : `ghcr.io/${part}:1`;
}
