export { model, models } from './models.ts';
export { register } from './register.ts';
export { assessments, decisions, setAlias, versionById, versions } from './versions.ts';
