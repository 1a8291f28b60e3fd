import type { Action, Assessment } from '../../core/assessment/index.ts';
import { findingsByFile } from '../by-file.ts';
import type { Judged, ReportContext } from '../context.ts';
import { byVerdict, headline } from '../meaning.ts';
import { count } from '../style.ts';
import { type FileWithFindings, markdownFile } from './file.ts';
import {
  checkSection,
  factSection,
  noteSection,
  pack,
  riskSection,
  section,
  signatureSection,
  waiverSection,
  whySection,
} from './parts.ts';
import { markdownCode } from './text.ts';

/** UTF-16 units of a report; GitHub refuses comments of more than 65,536 characters. */
export const MAX_MARKDOWN = 60_000;

/** Artifacts told in full; the others are named. */
const MAX_IN_FULL = 4;
/** Room for the line that counts them. */
const REST = 80;

const WORST_FIRST: readonly Action[] = ['deny', 'warn', 'allow'];

/**
 * A report in GitHub-flavoured Markdown for a comment on a pull request: the decision, why, files worst first, the ten
 * risks. At most `MAX_MARKDOWN` long; what is left out is counted. Nothing that an artifact says becomes markup.
 */
export function renderMarkdown(all: readonly Judged[], context: ReportContext): string {
  const sorted = [...all].sort(
    (a, b) => WORST_FIRST.indexOf(a.decision.action) - WORST_FIRST.indexOf(b.decision.action),
  );
  const list = sorted.length > 1 ? `${pack(sorted, MAX_MARKDOWN / 6, 'artifact', listLine)}\n` : '';
  const inFull = sorted.slice(0, MAX_IN_FULL);
  const share = Math.floor((MAX_MARKDOWN - list.length - REST) / Math.max(1, inFull.length));
  const others = sorted.length - inFull.length;
  const rest = others > 0 ? `${count(others, 'more artifact')}: named above, without details.\n` : '';
  return list + inFull.map((judged) => artifactReport(judged, context, share)).join('') + rest;
}

function listLine({ assessment, decision }: Judged): string {
  return `- **${decision.action.toUpperCase()}** ${markdownCode(assessment.artifact.pinned)}`;
}

/** @param budget UTF-16 units, at least 10,000 */
function artifactReport(judged: Judged, context: ReportContext, budget: number): string {
  const { assessment, decision } = judged;
  const pinned = markdownCode(assessment.artifact.pinned);
  const head = `## Assay: ${decision.action.toUpperCase()}\n\n${pinned}\n\n**${headline(assessment.files, decision.action)}**\n\n`;
  const incomplete = assessment.status === 'complete' ? '' : '**Part of the artifact was not scanned.**\n\n';
  const why = whySection(judged, budget * 0.1);
  const after = [
    signatureSection(judged, budget * 0.1),
    waiverSection(judged, budget * 0.1),
    checkSection(judged, budget * 0.1),
    riskSection(judged, budget * 0.2),
    noteSection(judged, budget * 0.03),
    factSection(judged, context),
  ].join('');
  const before = head + incomplete + why;
  return before + fileSection(judged, context, budget - before.length - after.length) + after;
}

/** The title of the section of files, with the lines around it. */
const TITLE = 60;

function fileSection(judged: Judged, context: ReportContext, budget: number): string {
  const notable = notableFiles(judged.assessment);
  const render = (one: FileWithFindings, short: boolean) => markdownFile(one, short, judged, context);
  return section('Files', pack(notable, budget - TITLE, 'file', render));
}

/** Files that are not clean or in which something was found, worst first. */
function notableFiles({ files, findings }: Assessment): FileWithFindings[] {
  const found = findingsByFile(findings);
  const rules = new Set<string>();
  return [...files]
    .sort(byVerdict)
    .filter(({ path, verdict }) => verdict !== 'clean' || found.has(path))
    .map((file) => {
      const own = found.get(file.path) ?? [];
      const rule = own[0]?.ruleId;
      const explained = rule !== undefined && rules.has(rule);
      if (rule !== undefined) rules.add(rule);
      return { file, findings: own, explained };
    });
}
