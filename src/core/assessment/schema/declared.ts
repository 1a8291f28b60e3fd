import { nullable, object, text } from '../../schema/index.ts';
import { texts } from './kit.ts';

export const DeclaredSchema = object(
  {
    licences: texts('Identifiers as declared: apache-2.0, other; empty when none is declared.'),
    licenceName: nullable(text('Name of a licence that has no identifier.')),
    baseModels: texts('Base models: owner/model, or owner/model@revision when a revision is declared.'),
    datasets: texts('Training data.'),
    library: nullable(text('The library that loads the model: transformers, diffusers, ...')),
    task: nullable(text('The task of the model: text-generation, ...')),
    languages: texts('Languages as declared: en, fr, ...'),
    tags: texts('Tags as declared.'),
    remoteCode: texts(
      'Code that a loader imports when it loads the model with remote code: module.Class of the artifact, owner/model--module.Class of another repository.',
    ),
    architectures: texts('The architectures in config.json.'),
    modelType: nullable(text('The model_type in config.json: llama, bert, ...')),
    files: texts('Paths of the files that hold the declarations.'),
  },
  'The declarations of the model, in its card and its configuration. They are not verified.',
);
