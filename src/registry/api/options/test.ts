import { DEVICE_CHOICES } from '../../../core/device/index.ts';
import { DIGEST, maybe, object, oneOf, type Static, text } from '../../../core/schema/index.ts';

const A_VERSION = { minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9_-]+$' };

/** The name of a suite: of its file in the folder of suites, without the ending. Never a path. */
export const SUITE_NAME = { minLength: 1, maxLength: 64, pattern: '^[a-z0-9](?:[a-z0-9_-]|\\.(?!\\.))*$' };
export const suiteName = (description: string) => text(description, SUITE_NAME);
export const deviceChoice = (description: string) => oneOf(DEVICE_CHOICES, description);

/** How a model is tested: what one test has in common with an equal one. */
export const ModelTestOptionsSchema = object(
  {
    suite: suiteName('Name of the suite'),
    device: deviceChoice('Where the model runs'),
    version: maybe(text('Id of the version whose bytes are tested', A_VERSION)),
    digest: maybe(text('The digest that these bytes must have', DIGEST)),
  },
  'Of a test',
);
export type ModelTestOptions = Static<typeof ModelTestOptionsSchema>;
