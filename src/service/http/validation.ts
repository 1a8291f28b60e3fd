import { Ajv, type Options } from 'ajv';
import formats from 'ajv-formats';
import type { App } from '../fastify-app.ts';

/** Nothing is removed and nothing invented: what a schema does not name is refused. */
const STRICT: Options = { strict: true, allowUnionTypes: true, removeAdditional: false, useDefaults: true };

/** Bodies are JSON and have types of their own; everything else of a request is text, of which numbers are made. */
export function addValidation(app: App): void {
  const body = withFormats(new Ajv({ ...STRICT, coerceTypes: false }));
  const text = withFormats(new Ajv({ ...STRICT, coerceTypes: 'array' }));
  app.setValidatorCompiler<object>(({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema));
  // Answers are written as they are: the tests hold each against its schema.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
}

function withFormats(ajv: Ajv): Ajv {
  formats.default(ajv);
  return ajv;
}
