import { createHash } from 'node:crypto';
import { type FileAssessment, type Finding, WAIVER_RULES } from '../../core/assessment/index.ts';
import type { Judged, ReportContext } from '../context.ts';
import { jsonText, keptText } from '../escape.ts';
import { waiversOf } from '../suppressions.ts';
import { waiverMeaning } from '../table/index.ts';
import { type VexProduct, vexProduct } from './product.ts';

export interface OpenVexOptions {
  /** When the document is issued. */
  readonly timestamp: Date;
  /** The author of the document; Assay, when absent. */
  readonly author?: string;
}

/** Parsers of JSON in other languages refuse halves of pairs, which become U+FFFD. */
function shown(text: string): string {
  return keptText(text).replace(/\p{Cs}/gu, '\ufffd');
}

interface Statement {
  readonly vulnerability: { readonly name: string; readonly description?: string };
  readonly products: readonly VexProduct[];
  readonly status: 'affected' | 'not_affected' | 'under_investigation';
  readonly status_notes?: string;
  readonly impact_statement?: string;
  readonly action_statement?: string;
}

const REMOVE = 'Do not load the file.';
/** CWE-770: waivers that one statement names. */
const MAX_WAIVERS = 20;

/**
 * An OpenVEX 0.2.0 document (https://github.com/openvex/spec). Rules stand where other documents have vulnerabilities:
 * - `affected`: the rule found something, in these files (`subcomponents`);
 * - `not_affected`: what it found was waived; the waiver's reason, owner and end are the impact statement. None of OpenVEX's
 *   justifications is given: they claim that the code is not there or not reached, and a waiver claims neither. Also an
 *   artifact in which nothing was found, since a document without statements is not valid;
 * - `under_investigation`: a file that could not be read, or that no scanner judges.
 * The `@id` is a digest of all the rest: the same report at the same time is the same document.
 */
export function renderOpenVex(all: readonly Judged[], context: ReportContext, options: OpenVexOptions): string {
  const document = {
    author: shown(options.author ?? 'Assay'),
    timestamp: options.timestamp.toISOString(),
    version: 1,
    tooling: shown(tooling(all, context)),
    statements: distinct(all.flatMap((judged) => statementsOf(judged, context))),
  };
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  const id = `https://assay.dev/vex/${digest}`;
  return `${jsonText({ '@context': 'https://openvex.dev/ns/v0.2.0', '@id': id, ...document }, 2)}\n`;
}

/** Duplicate requests give one statement. */
function distinct(statements: readonly Statement[]): readonly Statement[] {
  return [...new Map(statements.map((statement) => [JSON.stringify(statement), statement])).values()];
}

function tooling(all: readonly Judged[], context: ReportContext): string {
  const rulesets = new Set(all.map(({ assessment: { ruleset } }) => `ruleset ${ruleset.version} (${ruleset.digest})`));
  return [`Assay ${context.version}`, ...rulesets].join(', ');
}

function statementsOf(judged: Judged, context: ReportContext): Statement[] {
  const { assessment } = judged;
  const statements = [...findingStatements(judged, context), ...fileStatements(judged)];
  if (statements.length > 0) return statements;
  const products = [vexProduct(assessment, [])];
  if (assessment.files.length === 0) {
    const notes = 'There were no files to judge.';
    return [
      { vulnerability: { name: 'artifact.empty' }, products, status: 'under_investigation', status_notes: notes },
    ];
  }
  const impact = 'Every file was read completely, and no rule reported a finding.';
  return [{ vulnerability: { name: 'verdict.malicious' }, products, status: 'not_affected', impact_statement: impact }];
}

interface Group {
  readonly ruleId: string;
  /** Why these findings do not count; absent when they do. */
  readonly waivedBy: string | undefined;
  readonly findings: Finding[];
}

/** By rule, and by what waives them. A void waiver is not a vulnerability of the artifact. */
function findingStatements(judged: Judged, context: ReportContext): Statement[] {
  const { assessment } = judged;
  const own: ReadonlySet<string> = new Set(Object.values(WAIVER_RULES).map(({ id }) => id));
  const groups = new Map<string, Group>();
  for (const finding of assessment.findings) {
    if (own.has(finding.ruleId)) continue;
    const waivedBy = waiverText(judged, { fingerprint: finding.fingerprint });
    const key = JSON.stringify([finding.ruleId, waivedBy]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ruleId: finding.ruleId, waivedBy, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()].map(({ ruleId, waivedBy, findings }): Statement => {
    const paths = new Set(findings.map(({ file }) => file));
    const files = assessment.files.filter(({ path }) => paths.has(path));
    const rule = context.rules.get(ruleId);
    const about = {
      vulnerability: { name: ruleId, ...(rule === undefined ? {} : { description: rule.title }) },
      products: [vexProduct(assessment, files)],
      status_notes: [notesOf(findings), ...waiverNotes(judged, ruleId, files)].join('; '),
    };
    if (waivedBy !== undefined) return { ...about, status: 'not_affected', impact_statement: waivedBy };
    return { ...about, status: 'affected', action_statement: rule?.remedy || REMOVE };
  });
}

function notesOf([first, ...others]: readonly Finding[]): string {
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return shown(`${first?.message ?? ''}${more}`);
}

/** Waivers about a statement that do not cause its status: void waivers, and waivers of a verdict only. */
function waiverNotes({ decision }: Judged, rule: string, files: readonly FileAssessment[]): string[] {
  const verdicts = new Set(files.map(({ verdict }) => `verdict.${verdict}`));
  const paths = new Set(files.map(({ path }) => path));
  return decision.waivers
    .filter(({ waiver, outcome }) => {
      if (outcome === 'unused' || (waiver.file !== undefined && !paths.has(waiver.file))) return false;
      return waiver.rule === rule ? outcome !== 'applied' : verdicts.has(waiver.rule);
    })
    .slice(0, MAX_WAIVERS)
    .map((judged) => {
      const { rule: waived, owner, from } = judged.waiver;
      return shown(`a waiver of ${waived} by ${owner} (${from}): ${waiverMeaning(judged)}`);
    });
}

/** Files whose verdict no finding explains. */
function fileStatements(judged: Judged): Statement[] {
  const { assessment } = judged;
  const found = new Set(assessment.findings.map(({ file }) => file));
  const groups = new Map<string, { verdict: FileAssessment['verdict']; waivedBy?: string; files: FileAssessment[] }>();
  for (const file of assessment.files) {
    const { verdict, path } = file;
    const isOpen = verdict === 'unknown' || verdict === 'not-assessed' || (verdict !== 'clean' && !found.has(path));
    if (!isOpen) continue;
    const waivedBy = verdict === 'malicious' ? undefined : waiverText(judged, { verdict, file: path });
    const key = JSON.stringify([verdict, waivedBy]);
    const group = groups.get(key) ?? { verdict, ...(waivedBy === undefined ? {} : { waivedBy }), files: [] };
    group.files.push(file);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ verdict, waivedBy, files }): Statement => {
    const rule = `verdict.${verdict}`;
    const reasons = new Set(files.flatMap((file) => file.reasons));
    const notes = [...[...reasons].map(shown), ...waiverNotes(judged, rule, files)];
    const about = {
      vulnerability: { name: rule },
      products: [vexProduct(assessment, files)],
      ...(notes.length === 0 ? {} : { status_notes: notes.join('; ') }),
    };
    if (waivedBy !== undefined) return { ...about, status: 'not_affected', impact_statement: waivedBy };
    return { ...about, status: 'under_investigation' };
  });
}

function waiverText(judged: Judged, what: Parameters<typeof waiversOf>[1]): string | undefined {
  const [first] = waiversOf(judged, what);
  if (first === undefined) return undefined;
  const { reason, owner, expires } = first.waiver;
  return shown(`Waived by ${owner} until ${expires}: ${reason}`);
}
