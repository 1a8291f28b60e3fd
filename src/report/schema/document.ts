import {
  CheckSchema,
  DeclaredSchema,
  FingerprintSchema,
  RiskSchema,
  SignatureSchema,
} from '../../core/assessment/schema/index.ts';
import type { JsonSchema } from '../../core/schema/index.ts';
import { ReportedFile, ReportedFinding, ReportedRule, ReportedWaiver, ReportSchema } from './report.ts';

const DESCRIPTION =
  'The report that `assay scan --format json` writes for one target, and `--format jsonl` for each. Every property is present; an unknown value is null. Only files[].coverage can be absent: it is written with --coverage. Text from the artifact is hostile: escape it where you show it. Strings longer than 4,096 UTF-16 units are cut, and end in "… (+N more)".';

/** The schemas that are described once and referred to. */
const DEFINITIONS: Readonly<Record<string, JsonSchema>> = {
  fingerprint: FingerprintSchema.json,
  rule: ReportedRule.json,
  waiver: ReportedWaiver.json,
  file: ReportedFile.json,
  finding: ReportedFinding.json,
  check: CheckSchema.json,
  risk: RiskSchema.json,
  signature: SignatureSchema.json,
  declared: DeclaredSchema.json,
};

/** The JSON Schema of a report, which is published as `schema/report-v1.json`. */
export function reportSchemaDocument(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:assay:schema:report:1',
    title: 'Assay report, version 1',
    description: DESCRIPTION,
    ...referring(ReportSchema.json),
    $defs: Object.fromEntries(Object.entries(DEFINITIONS).map(([name, json]) => [name, referring(json)])),
  };
}

/** The same schema, with references in place of the defined schemas. */
function referring(json: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, referred(value)]));
}

function referred(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referred);
  if (typeof value !== 'object' || value === null) return value;
  const defined = Object.entries(DEFINITIONS).find(([, json]) => json === value);
  return defined === undefined ? referring(value as JsonSchema) : { $ref: `#/$defs/${defined[0]}` };
}
