export { findInCommands } from './commands.ts';
export { findInDockerfile } from './dockerfile.ts';
export { findInJson, findInNotebook } from './json.ts';
export { findInYaml } from './yaml.ts';
