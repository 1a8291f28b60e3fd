export { assertShallowYaml, MAX_YAML_DEPTH } from './nesting.ts';
export { readYaml, type YamlEvents } from './read.ts';
export { YAML_DIALECTS, type YamlDialect, type YamlOptions } from './tokens.ts';
