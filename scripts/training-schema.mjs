// Writes the JSON Schema of what training runs attest, which is part of the package, from the type that declares it: after `npm run build`.
import { writeFileSync } from 'node:fs';
import { trainingSchemaDocument } from '../dist/src/core/lineage/training.js';

const target = new URL('../src/core/lineage/training-v1.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(trainingSchemaDocument(), null, 2)}\n`);
