import {
  array,
  countOf,
  list,
  maybe,
  type Optional,
  object,
  optionalOf,
  type Static,
  string,
  text,
  wholeNumber,
} from '../../core/schema/index.ts';
import { A_DIGEST, AN_ID, maybeText, moment, REFERENCE, StageSchema } from './kit.ts';
import { STAGES, type Stage } from './names.ts';

export const LineageSchema = object(
  {
    baseModels: array(
      object({
        ref: text('Reference of the model', REFERENCE),
        digest: maybeText('`sha256:<hex>` of its tree, when it is known'),
      }),
      { maxItems: 100, description: 'Models that it was made from' },
    ),
    datasets: array(text('Reference of a data set', REFERENCE), {
      maxItems: 100,
      description: 'Data it was trained on',
    }),
    code: maybeText('Reference of the code that made it'),
    run: maybeText('Reference of the training run'),
  },
  'What the version was made from',
);
export type Lineage = Static<typeof LineageSchema>;

export const VersionSchema = object(
  {
    id: text('Id of the version', {}, AN_ID),
    tenant: text('The tenant'),
    model: text('Name of the model'),
    number: wholeNumber({ minimum: 1, description: 'In the order of registration' }),
    digest: text('`sha256:<hex>`: the canonical tree digest, which is the identity of the version', {}, A_DIGEST),
    ref: text('The reference that it was registered by'),
    pinned: list(string(), 'Every pinned reference by which these bytes were read'),
    stage: StageSchema,
    // Absent in answers of an older service.
    barred: optionalOf(
      maybeText('Why no name of these bytes may run or be approved now: one of them is quarantined or revoked'),
    ),
    aliases: list(string(), 'Its aliases'),
    lineage: LineageSchema,
    createdAt: moment('When it was registered'),
    createdBy: text('Who registered it'),
  },
  'One immutable version of a model',
);
export type Version = Static<typeof VersionSchema>;

export const ModelSchema = object(
  {
    tenant: text('The tenant'),
    name: text('Name of the model'),
    description: text('What it is'),
    createdAt: moment('When it was first registered'),
    createdBy: text('Who registered it'),
    versions: countOf('How many versions it has'),
    newest: maybe(VersionSchema),
    stages: object(
      Object.fromEntries(STAGES.map((stage) => [stage, optionalOf(VersionSchema)])) as Record<
        Stage,
        Optional<typeof VersionSchema>
      >,
      'The newest version at each stage that has one',
    ),
  },
  'A model',
);
/** A model with a summary of its versions. */
export type ModelSummary = Static<typeof ModelSchema>;
