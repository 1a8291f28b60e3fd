// Writes the JSON Schema of reports, which is part of the package, from the types that declare them: after `npm run build`.
import { writeFileSync } from 'node:fs';
import { reportSchemaDocument } from '../dist/src/report/schema/index.js';

const target = new URL('../src/report/schema/report-v1.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(reportSchemaDocument(), null, 2)}\n`);
