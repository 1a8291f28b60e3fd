import { nullable, object, text } from '../../schema/index.ts';
import { texts } from './kit.ts';

export const DeclaredSchema = object(
  {
    licences: texts('Identifiers as written: apache-2.0, other; empty when none is declared.'),
    licenceName: nullable(text('Name of a licence that has no identifier.')),
    baseModels: texts(
      'Models that this one was made from: owner/model, or owner/model@revision when a revision is declared.',
    ),
    datasets: texts('Data that it was trained on.'),
    library: nullable(text('transformers, diffusers, ...')),
    task: nullable(text('text-generation, ...')),
    languages: texts('As written: en, fr, ...'),
    tags: texts('As written.'),
    remoteCode: texts(
      'Code that is imported when the model is loaded with remote code: module.Class of the artifact, owner/model--module.Class of another repository.',
    ),
    architectures: texts('Of config.json.'),
    modelType: nullable(text('Of config.json: llama, bert, ...')),
    files: texts('Paths of the files that declare it.'),
  },
  'What the model says of itself, in its card and its configuration. It is not verified.',
);
