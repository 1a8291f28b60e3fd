// Writes the OpenAPI document of the service: into the package when it is built, or to the file that is named.
import { writeFileSync } from 'node:fs';
import { openapiDocument } from '../dist/src/service/openapi-document.js';

const target = process.argv[2] ?? new URL('../dist/src/service/openapi.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(await openapiDocument(), null, 2)}\n`);
