import { DIGEST, maybe, object, type Static, text } from '../../core/schema/index.ts';
import { AN_ID, moment } from './kit.ts';
import { ID } from './requests.ts';

export const DataBaselineRecordSchema = object(
  {
    id: text('Id of the baseline', {}, AN_ID),
    version: text('Id of the version'),
    job: text('Id of the job that checked the data'),
    digest: text('SHA-256 of the profile', DIGEST),
    statement: text('Of what the service signed', DIGEST),
    createdBy: text('Who approved the data'),
    at: moment('When'),
  },
  'The profile of the approved data of a version',
);
export type DataBaselineRecord = Static<typeof DataBaselineRecordSchema>;

export const VersionDataSchema = object(
  { baseline: maybe(DataBaselineRecordSchema) },
  'The newest profile that was kept with a version',
);
export const NewDataBaselineSchema = object({ job: text('Id of the job that checked the data', ID) });
