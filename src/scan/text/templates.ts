import type { Interest } from './interest.ts';
import type { TextFinding } from './loader-keys.ts';
import { DANGEROUS_TEMPLATE, ODD_TEMPLATE } from './rules.ts';
import { judgeTemplate } from './template.ts';

export interface TemplateText {
  readonly text: string;
  /** Its place declares it as a template; otherwise it only looks like one. */
  readonly declared: boolean;
}

export interface TemplatesJudgement {
  readonly findings: readonly TextFinding[];
  /** Why they are not proved to be plain. */
  readonly why: ReadonlyMap<Interest, string>;
}

/** Judges templates, each text once. */
export function judgeTemplates(templates: readonly TemplateText[]): TemplatesJudgement {
  const findings = new Map<string, TextFinding>();
  const why = new Map<Interest, string>();
  const seen = new Set<string>();
  for (const { text, declared } of templates) {
    const key = `${declared}${text}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { malicious, suspicious, unproved } = judgeTemplate(text);
    for (const [rule, reasons] of [
      [DANGEROUS_TEMPLATE, malicious],
      [ODD_TEMPLATE, suspicious],
    ] as const) {
      for (const { subject, what } of reasons)
        findings.set(`${rule.id}\n${subject}`, { rule, message: `The template ${what}.`, subject });
    }
    const [first] = unproved;
    if (declared && first !== undefined && !why.has('format.chat-template.scan'))
      why.set('format.chat-template.scan', `it ${first}`);
  }
  return { findings: [...findings.values()], why };
}
