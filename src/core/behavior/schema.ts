import { CHECK_RESULTS } from '../assessment/schema/index.ts';
import { DEVICE_CHOICES, DEVICES } from '../device/index.ts';
import {
  countOf,
  DIGEST,
  flagOf,
  list,
  nullable,
  object,
  oneOf,
  optionalOf,
  realOf,
  type Static,
  text,
  union,
} from '../schema/index.ts';
import { TEST_AREAS } from './areas.ts';

const SHA256 = { pattern: '^[0-9a-f]{64}$' };

/** What one test measured, and what was asked of it. */
const MeasureSchema = object({
  name: text('What is measured: `accuracy`, `largest difference of probabilities`.'),
  value: nullable(realOf('Null when it is not a finite number.')),
  interval: nullable(
    object({ low: realOf(), high: realOf(), level: realOf('0.95 for 95 %.') }, 'The confidence interval of a share.'),
  ),
  min: nullable(realOf('The least value that passes.')),
  max: nullable(realOf('The largest value that passes.')),
  baseline: nullable(realOf('The same measure of the approved version.')),
  drop: nullable(realOf('How far the value may be below that of the approved version.')),
  rise: nullable(realOf('How far the value may be above that of the approved version.')),
  pass: nullable(flagOf({ description: 'Null when nothing is asked of it.' })),
});

/** Lines over one axis, such as robust accuracy against eps. */
const CurveSchema = object({
  kind: oneOf(['curve']),
  title: text(),
  x: text('What the horizontal axis shows, with its unit.'),
  y: text('What the vertical axis shows, with its unit.'),
  lines: list(
    object({ name: text(), points: list(object({ x: realOf(), y: realOf() }), 'By rising x.') }),
    'The first is of the model, others of what it is compared with.',
  ),
});

/** Pixels, such as a trigger that was recovered. */
const ImageSchema = object({
  kind: oneOf(['image']),
  title: text(),
  height: countOf('Pixels.'),
  width: countOf('Pixels.'),
  channels: countOf('1 (gray) or 3 (red, green, blue).'),
  pixels: text('Base64 of bytes, row by row from the top; the channels of a pixel are together.'),
});

const FigureSchema = union([CurveSchema, ImageSchema]);

const TestResultSchema = object({
  id: text('The id of the test in the suite.'),
  kind: text('What it does: `accuracy`, `outputs`.'),
  area: oneOf(TEST_AREAS, 'What it is about: its check is `behavior.<area>`.'),
  data: nullable(text('The name of its data in the suite.')),
  rows: countOf('Rows that were run.'),
  status: oneOf(CHECK_RESULTS),
  detail: text('The reason, as a sentence.'),
  measures: list(MeasureSchema),
  figures: list(FigureSchema, 'What is shown as a plot.'),
});

const DeviceReportSchema = object(
  {
    requested: oneOf(DEVICE_CHOICES),
    device: oneOf(DEVICES, 'Where the model ran.'),
    runtime: object({ name: text(), version: text() }),
    drivers: list(text(), 'Files of the drivers that were loaded, with the versions in their names.'),
    share: realOf('The share of the time of nodes that was spent on the device, from 0 to 1.'),
    elsewhere: list(
      object({ node: text(), op: text(), provider: text() }),
      'Nodes that ran elsewhere, because the device has no operator for them.',
    ),
    elsewhereCount: countOf('How many they are; the list names the first.'),
    passedOver: list(object({ device: oneOf(DEVICES), why: text() }), 'Devices that `auto` tried before.'),
  },
  'Where the model ran, by a profile of the runtime; null for a model that does not run.',
);

const ModelSchema = object({
  path: text('The path in the artifact.'),
  sha256: text('64 hex digits.', SHA256),
  data: list(object({ path: text(), sha256: text('64 hex digits.', SHA256) }), 'The files that hold its tensors.'),
});

/** The report that `test` writes. */
export const TestReportSchema = object({
  schemaVersion: oneOf(['1']),
  tool: object({ name: oneOf(['assay']), version: text() }),
  model: ModelSchema,
  artifact: object({
    ref: text('The reference as it was given.'),
    pinned: text('The reference with its commit, version or digest.'),
  }),
  suite: object({ path: text(), name: text(), sha256: text('64 hex digits, of the file.', SHA256), seed: countOf() }),
  data: list(
    object({ name: text(), rows: countOf(), sha256: text('Of its files.', DIGEST) }),
    'The data that tests were given.',
  ),
  baseline: nullable(ModelSchema),
  models: optionalOf(list(ModelSchema, 'Other models that tests were given, such as shadow models.')),
  device: nullable(DeviceReportSchema),
  rowsAtOnce: countOf('Rows of one run; 0 for a model that does not run.'),
  status: oneOf(CHECK_RESULTS, 'That of all tests: `not-assessed` when none of them asks for anything.'),
  tests: list(TestResultSchema),
});

export type TestReport = Static<typeof TestReportSchema>;
export type ModelTest = TestReport['tests'][number];
export type Figure = Static<typeof FigureSchema>;
export type Measure = ModelTest['measures'][number];
export type DeviceReport = NonNullable<TestReport['device']>;
