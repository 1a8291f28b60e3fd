export { reportContext } from './context.ts';
export { REPORT_FORMATS, type ReportFormat, renderReport } from './render.ts';
