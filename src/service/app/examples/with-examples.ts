import { exampleOf, type SchemaShape } from './example-of.ts';
import { BODIES, TEXTS } from './values.ts';

interface Content {
  readonly schema?: SchemaShape & { readonly $ref?: string };
}

/** Of an operation, what examples are given of. */
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema?: SchemaShape }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}

const PROBLEM = {
  type: 'urn:assay:problem:not-found',
  title: 'Not found',
  status: 404,
  detail: 'the version does not exist',
  code: 'not-found',
  instance: 'urn:assay:request:5f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0',
};

/** The operation with an example of each parameter, body and answer: made of their schemas, and of what their names stand for. */
export function withExamples<T extends object>(key: string, operation: T): T {
  const { parameters, requestBody, responses = {} } = operation as Operation;
  return {
    ...operation,
    ...(parameters === undefined
      ? {}
      : {
          parameters: parameters.map((one) => ({ ...one, example: exampleOf(one.schema ?? {}, one.name, true) })),
        }),
    ...(requestBody === undefined
      ? {}
      : {
          requestBody: {
            ...requestBody,
            content: withContent(
              requestBody.content,
              (_type, schema) => BODIES[key] ?? exampleOf(schema, 'body', true),
            ),
          },
        }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, answer]) => [
        status,
        answer.content === undefined ? answer : { ...answer, content: withContent(answer.content, answerOf) },
      ]),
    ),
  };
}

function answerOf(type: string, schema: Content['schema'] & object): unknown {
  if (schema.$ref !== undefined) return PROBLEM;
  return type === 'application/json' ? exampleOf(schema, 'answer', false) : TEXTS[type];
}

function withContent(
  content: Readonly<Record<string, Content>>,
  example: (type: string, schema: Content['schema'] & object) => unknown,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(content).map(([type, one]) => {
      const made = one.schema === undefined ? undefined : example(type, one.schema);
      return [type, made === undefined ? one : { ...one, example: made }];
    }),
  );
}
