import { DIGEST, object, type Static, text } from '../schema/index.ts';

export const RequiredSuiteSchema = object(
  {
    name: text('As people call it: the name of its file, without the ending.'),
    digest: text('Of its file.', DIGEST),
  },
  'The suite of tests that the organisation asks for.',
);
export type RequiredSuite = Static<typeof RequiredSuiteSchema>;
