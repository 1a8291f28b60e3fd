export { model, models } from './models.ts';
export { register, registerKept } from './register.ts';
export { assessments, decisions, setAlias, versionById, versions } from './versions.ts';
