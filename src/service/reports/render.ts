import {
  htmlPolicy,
  type Judged,
  pathToUri,
  renderCycloneDx,
  renderHtml,
  renderJson,
  renderJunit,
  renderMarkdown,
  renderOpenVex,
  renderSarif,
  renderTable,
} from '../../report/index.ts';
import { BUILT_IN_LISTS } from '../../scan/lists/index.ts';
import { reportContext } from './context.ts';

export const REPORT_FORMATS = ['json', 'sarif', 'markdown', 'html', 'junit', 'cyclonedx', 'openvex', 'table'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A report as it is sent. */
export interface RenderedReport {
  readonly text: string;
  readonly type: string;
  /** Of a file that holds it. */
  readonly extension: string;
  /** What a page may do; of HTML alone. */
  readonly policy?: string;
}

const WIDTH = 100;

/** @param at when the decision was made: the same decision gives the same bytes */
export function renderReport(judged: Judged, format: ReportFormat, at: Date): RenderedReport {
  const context = reportContext();
  switch (format) {
    case 'json':
      return { text: renderJson(judged, context), type: 'application/json', extension: 'json' };
    case 'sarif': {
      const text = renderSarif([judged], context, { locate: (_, file) => ({ uri: pathToUri(file) }) });
      return { text, type: 'application/sarif+json', extension: 'sarif.json' };
    }
    case 'markdown':
      return { text: renderMarkdown([judged], context), type: 'text/markdown; charset=utf-8', extension: 'md' };
    case 'html': {
      const text = renderHtml(judged, context, { now: at });
      return {
        text,
        type: 'text/html; charset=utf-8',
        extension: 'html',
        policy: `${htmlPolicy()}; frame-ancestors 'none'; sandbox`,
      };
    }
    case 'junit':
      return { text: renderJunit([judged], context), type: 'application/xml; charset=utf-8', extension: 'junit.xml' };
    case 'cyclonedx': {
      const text = renderCycloneDx([judged], context, { now: at });
      return { text, type: 'application/vnd.cyclonedx+json; version=1.6', extension: 'cdx.json' };
    }
    case 'openvex': {
      const text = renderOpenVex([judged], context, { timestamp: at });
      return { text, type: 'application/vnd.openvex+json', extension: 'vex.json' };
    }
    case 'table': {
      const options = {
        width: WIDTH,
        color: false,
        verbose: true,
        quiet: false,
        isListed,
        reopen: (file: string) => file,
      };
      return { text: renderTable(judged, context, options), type: 'text/plain; charset=utf-8', extension: 'txt' };
    }
  }
}

let names: ReadonlySet<string> | undefined;

function isListed(name: string): boolean {
  names ??= new Set([...BUILT_IN_LISTS.entries()].map((entry) => `${entry.module}.${entry.name}`));
  return names.has(name);
}
