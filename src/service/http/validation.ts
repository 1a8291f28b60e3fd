import { check, isOptional, type ObjectSchema, type Schema } from '../../core/schema/index.ts';
import type { App } from '../fastify-app.ts';
import { InvalidRequest } from '../problems/index.ts';

/**
 * Validation removes and adds nothing: properties that a schema does not name are refused. Bodies are JSON and have types of
 * their own;
 * everything else of a request is text, of which numbers are made.
 */
export function addValidation(app: App): void {
  app.setValidatorCompiler<Schema>(({ schema, httpPart = 'request' }) => {
    const typed = httpPart === 'body' ? (value: unknown) => value : numbersIn(schema);
    return (given) => {
      const checked = check(schema, typed(given));
      return 'value' in checked ? checked : { error: new InvalidRequest(httpPart, checked.invalid) };
    };
  });
  // Answers are written as they are: the tests hold each against its schema.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

/** Makes numbers of the texts that stand where a schema has numbers; a text that is none is left to the schema. */
function numbersIn(schema: Schema): (given: unknown) => unknown {
  const names = Object.entries('properties' in schema ? (schema as ObjectSchema).properties : {}).flatMap(
    ([name, property]) => ((isOptional(property) ? property.wrapped : property).json.type === 'integer' ? [name] : []),
  );
  return (given) => {
    if (typeof given !== 'object' || given === null) return given;
    const values = new Map(Object.entries(given));
    for (const name of names) {
      const text = values.get(name);
      if (typeof text === 'string' && text !== '' && !Number.isNaN(Number(text))) values.set(name, Number(text));
    }
    return Object.fromEntries(values);
  };
}
