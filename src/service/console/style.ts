import { type Css, css } from '../../report/html/index.ts';

/** The console beside the review's own style, whose colours, tables and chips it shares: denser, with a bar to go about by. */
export const STYLE_CONSOLE: Css = css`
body { font-size: .95rem; line-height: 1.5; display: flex; flex-direction: column; min-height: 100vh; }
.page { width: 100%; max-width: 78rem; padding: 1.25rem 1.25rem 3rem; flex: 1; }
h1 { font-size: clamp(1.45rem, 1.2rem + 1vw, 1.9rem); margin-bottom: .35rem; }
h1 + .facts, h1 + div > .facts { margin-top: .8rem; }
h2 { font-size: 1.22rem; border-bottom-width: 1px; margin-bottom: .7rem; padding-bottom: .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
section { margin-top: 2.2rem; }
section section { margin-top: 1.4rem; }
.lead { color: var(--quiet); max-width: 46rem; }
.note { margin: .6rem 0 1rem; }
.note.good, .note.caution, .note.bad, .note.dark, .note.open { border-left-width: 5px; }
blockquote { margin: .2rem 0 .6rem; padding-left: .8rem; border-left: 3px solid var(--line); max-width: 46rem; overflow-wrap: anywhere; }
td blockquote { margin: 0; padding-left: .5rem; }
.whole code { word-break: break-all; }
.nowrap, time { white-space: nowrap; }

.top { background: var(--panel); border-bottom: 1px solid var(--line); }
.top-in { max-width: 78rem; margin: 0 auto; padding: .5rem 1.25rem; display: flex; flex-wrap: wrap; align-items: center; gap: .35rem 1.2rem; }
.mark { font: 600 1.3rem/1 var(--title); color: var(--ink); text-decoration: none; display: inline-flex; align-items: center; gap: .45rem; padding: .25rem 0; }
.mark svg { width: 1.5rem; height: 1.5rem; }
.punch { fill: var(--ink); }
.letter { fill: none; stroke: var(--paper); stroke-width: 2; stroke-linejoin: round; }
.places { flex: 1 1 auto; }
.places ul, .tabs ul, .filters ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem .15rem; }
.places li, .tabs li, .filters li { margin: 0; }
.places a { display: block; padding: .3rem .6rem; border-radius: 4px; color: var(--ink); text-decoration: none; }
.places a:hover, .tabs a:hover, .filters nav a:hover { background: var(--plain-back); }
.places a[aria-current] { background: var(--ink); color: var(--paper); }
.who { margin-left: auto; display: flex; align-items: center; gap: .8rem; font-size: .86rem; min-width: 0; }
.who p { margin: 0; text-align: right; line-height: 1.3; overflow-wrap: anywhere; }
.who .quiet { display: block; font-size: .78rem; max-width: 15rem; }
.trail ol { list-style: none; display: flex; flex-wrap: wrap; padding: 0; margin: 0 0 .4rem; font-size: .88rem; }
.trail li { margin: 0; overflow-wrap: anywhere; max-width: none; }
.trail li::after { content: "›" / ""; color: var(--quiet); margin: 0 .45rem; }
.foot { border-top: 1px solid var(--line); color: var(--quiet); font-size: .8rem; }
.foot p { max-width: 78rem; margin: 0 auto; padding: .8rem 1.25rem; }
.tabs { border-bottom: 1px solid var(--line); margin: 1rem 0; }
.tabs a { display: block; padding: .4rem .8rem; color: var(--ink); text-decoration: none; border-bottom: 3px solid transparent; }
.tabs a[aria-current] { border-bottom-color: var(--ink); font-weight: 600; }
.filters { margin: .9rem 0; display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: center; }
.filters nav a { display: block; padding: .22rem .65rem; border: 1px solid var(--line); border-radius: 999px; color: var(--ink); text-decoration: none; font-size: .88rem; }
.filters nav a[aria-current] { background: var(--ink); color: var(--paper); border-color: var(--ink); }

.chip { border-radius: 999px; padding: .02rem .6rem; font-size: .78rem; }
.chip::before { margin-right: .35em; font-weight: 700; }
.chip.good::before { content: "✓"; content: "✓" / ""; }
.chip.bad::before { content: "✕"; content: "✕" / ""; }
.chip.caution::before { content: "!"; content: "!" / ""; }
.chip.dark::before { content: "?"; content: "?" / ""; }
.chip.open::before { content: "○"; content: "○" / ""; }
.chips { display: flex; flex-wrap: wrap; gap: .3rem .5rem; align-items: center; margin: 0 0 .4rem; max-width: none; }
.decision { margin: 1rem 0; padding: .7rem 1rem; }
.decision strong { font-size: 1.3rem; }
.decision .why { display: block; margin-top: .2rem; color: var(--ink); overflow-wrap: anywhere; }
.facts > div { padding: .3rem 0; }
dd code { word-break: break-all; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem; align-items: start; }
th, td { padding: .42rem .75rem .42rem 0; }
tbody tr:hover { background: var(--panel); }
tbody th a { font-weight: 600; }
td ul, td ol { margin: 0; padding-left: 1.1rem; }
td .quiet, tbody th .quiet { display: block; font-weight: 400; }
td > .quiet:only-child { display: inline; }
td code[title], #log td[data-label="Did"] code { white-space: nowrap; }
.quiet .quiet { display: inline; }
tbody td { min-width: 5.5rem; }
#log tbody th { min-width: 3.5rem; }
#files tbody th { min-width: 12.5rem; }
#log details { margin: 0; }
.row-end { white-space: nowrap; }
.plain-list { list-style: none; padding: 0; }
.reports { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; margin: 0; }
.empty { border: 1px dashed var(--line); border-radius: 6px; padding: 1.4rem 1.5rem; margin: 1rem 0; }
.empty h2 { border: 0; margin: 0 0 .4rem; padding: 0; }
.empty > :last-child { margin-bottom: 0; }
.command { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; overflow-x: auto; max-width: 62rem; margin: .4rem 0 .8rem; }
.source { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .6rem .8rem; overflow: auto; max-height: 32rem; margin: .4rem 0 .8rem; }
.secret code { font-size: 1rem; user-select: all; word-break: break-all; }

progress { appearance: none; width: 100%; max-width: 14rem; height: .5rem; border: 0; border-radius: 999px; overflow: hidden; background: var(--plain-back); display: block; margin: .3rem 0 .1rem; }
progress::-webkit-progress-bar { background: var(--plain-back); }
progress::-webkit-progress-value { background: var(--open); }
progress::-moz-progress-bar { background: var(--open); }
.live-word { display: none; }
body:has([data-connected]) .live-word { display: inline; color: var(--quiet); font-size: .86rem; }
.live-word::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; background: var(--good); margin-right: .4em; }

@media screen and (max-width: 44rem) {
  .page, .top-in, .foot p { padding-left: 1rem; padding-right: 1rem; }
  .places { flex-basis: 100%; order: 3; }
  .places ul { margin: 0 -.4rem; }
  .places a { padding: .3rem .4rem; }
  .who { margin-left: auto; }
  .who .quiet { display: none; }
  tbody tr:hover { background: none; }
  .row-end { white-space: normal; }
  tbody td, #log tbody th, #files tbody th { min-width: 0; }
  td > .quiet:not(:only-child) { margin-left: 6rem; }
}
`;

/** A page on paper: what is known, without what can be done. */
export const PRINT_CONSOLE: Css = css`
@page { margin: 16mm; }
@media print {
  :root { color-scheme: light; }
  html { font-size: 9.5pt; }
  body { display: block; }
  .page { max-width: none; padding: 0; }
  .skip, .top, .foot, .tabs, .filters, .pager, .act, form, .button, .live-word, #reports { display: none; }
  .chip, .decision, .note, code, pre, progress { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
  h1, h2, h3, caption { break-after: avoid; }
  tr, .facts > div, .finding > .pair { break-inside: avoid; }
  thead { display: table-header-group; }
  .source { max-height: none; white-space: pre-wrap; }
  details::details-content { content-visibility: visible; display: block; }
}
`;
