import type { TestReport } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { html } from '../html.ts';
import { reportPage } from '../page.ts';
import { told } from '../parts.ts';
import { CHECK_STATUSES, type ReportWord } from '../words.ts';
import { testFacts, testsBlock } from './tests.ts';

/** What all tests together say. */
const OUTCOMES: Readonly<Record<TestReport['status'], string>> = {
  pass: 'Everything that the suite asks holds.',
  fail: 'The model does not hold what the suite asks.',
  'not-assessed': 'The suite does not show that the model behaves.',
  error: 'The tests could not be completed.',
};

/** The report of tests: one HTML document that holds no script and asks for nothing. */
export function renderTests(report: TestReport): string {
  const { status, tests, artifact, tool, suite } = report;
  const word: ReportWord = CHECK_STATUSES[status];
  const of = (wanted: TestReport['status']) => tests.filter((test) => test.status === wanted).length;
  const counts = `${of('pass')} of ${count(tests.length, 'test')} passed, ${of('fail')} failed, ${of('not-assessed')} not assessed`;
  const head = html`<header class="cover">
<p class="kind">Tests of a machine-learning model</p>
<h1>${told(artifact.ref)}</h1>
<p class="decision ${word.tone}"><span class="label">Suite ${told(suite.name)}</span> <strong>${word.text}</strong>${OUTCOMES[status]} ${counts}.</p>
${testFacts(report)}</header>
`;
  const sections = [
    { id: 'tests', title: 'Tests', body: testsBlock(tests) },
    {
      id: 'limits',
      title: 'What they do not show',
      body: html`<p>The tests show what they measure, on these rows. A backdoor whose trigger is in none of them passes, and a stronger
attack may find more. An interval says how far chance alone may have moved a share.</p>
`,
    },
  ];
  const title = `Tests: ${artifact.ref}: ${word.text}`;
  return reportPage({ title, skip: 'Skip to the tests', version: tool.version, head, sections }).toString();
}
