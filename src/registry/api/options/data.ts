import { array, maybe, object, optionalOf, type Static, text } from '../../../core/schema/index.ts';

const COLUMN = { minLength: 1, maxLength: 200 };
const MAX_EVENT_TIMES = 16;
const column = (description: string) => optionalOf(text(description, COLUMN));

/** The name of a data set: of its folder or file in the place of the configuration. Never a path. */
export const DATASET_NAME = { minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9](?:[A-Za-z0-9_-]|\\.(?!\\.))*$' };
export const datasetName = (description: string) => text(description, DATASET_NAME);

export const DataColumnsSchema = object(
  {
    label: column('The label of a row'),
    text: column('The text of a row'),
    time: column('When a row was made'),
    source: column('Who gave a row'),
    id: column('What names a row in reports'),
    split: column('The split of a row; else the file that it is in'),
    url: column('Where the content of a row is'),
    hash: column('The hash of that content, as the list gives it'),
    downloadedHash: column('The hash of what was downloaded'),
    eventTimes: optionalOf(
      array(text('A column', COLUMN), {
        maxItems: MAX_EVENT_TIMES,
        description: 'When something that a row tells happened',
      }),
    ),
  },
  'Which columns have a role; the others are features',
);

/** How training data is checked: what one check has in common with an equal one. */
export const DataCheckOptionsSchema = object(
  {
    columns: DataColumnsSchema,
    snapshot: maybe(text('When the data was taken from its sources', { maxLength: 40 })),
  },
  'Of a check of data',
);
export type DataCheckOptions = Static<typeof DataCheckOptionsSchema>;
