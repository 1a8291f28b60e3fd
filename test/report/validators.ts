import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Ajv4Module from 'ajv-draft-04';
import addFormatsModule from 'ajv-formats';
import { expect } from 'vitest';

function load(url: string): object {
  return JSON.parse(readFileSync(new URL(url, import.meta.url), 'utf8'));
}

const reportAjv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const isReport = reportAjv.compile(load('../../src/report/schema/report-v1.json'));

const sarifAjv = new Ajv4Module.default({ allErrors: true, strict: false });
addFormatsModule.default(sarifAjv);
const isSarif = sarifAjv.compile(load('./schemas/sarif-schema-2.1.0.json'));

/** The violations of the published schema in a report. */
export function reportErrors(report: unknown): readonly unknown[] {
  return isReport(report) ? [] : (isReport.errors ?? []);
}

/** Parses a JSON report, and fails the test if it violates the published schema. */
export function validReport(text: string): unknown {
  const report: unknown = JSON.parse(text);
  expect(reportErrors(report)).toEqual([]);
  return report;
}

/** Parses a SARIF log, and fails the test if it violates the schema of OASIS. */
export function validSarif(text: string): unknown {
  const log: unknown = JSON.parse(text);
  expect(isSarif(log) ? [] : isSarif.errors).toEqual([]);
  return log;
}
