import {
  addressOf,
  renderCycloneDx,
  renderHtml,
  renderJson,
  renderJsonLine,
  renderJunit,
  renderMarkdown,
  renderOpenVex,
  renderSarif,
  renderTable,
  scan,
  uriOf,
} from 'assay';

/** Every report of one scan, by the name of its file. */
export async function reports(ref: string): Promise<Map<string, string>> {
  const result = await scan(ref);
  const { artifact } = result.assessment;
  const { context } = result;
  const now = new Date();
  return new Map([
    ['report.json', renderJson(result, context)],
    ['report.jsonl', renderJsonLine(result, context)],
    ['report.sarif', renderSarif([result], context, { locate: (_, file) => ({ uri: uriOf(artifact, file) }) })],
    ['report.md', renderMarkdown([result], context)],
    ['report.xml', renderJunit([result], context)],
    ['bom.json', renderCycloneDx([result], context, { now })],
    ['openvex.json', renderOpenVex([result], context, { timestamp: now })],
    ['review.html', renderHtml(result, { ...context, coverage: true }, { now })],
    [
      'report.txt',
      renderTable(result, context, {
        width: 100,
        color: false,
        verbose: false,
        quiet: false,
        isListed: result.isListed,
        reopen: (file) => addressOf(artifact, file),
      }),
    ],
  ]);
}
