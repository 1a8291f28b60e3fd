import { type Css, css } from './html.ts';

/** How the review looks on a screen: light and dark, from a phone to a desk. Every pair of colours has WCAG AA contrast. */
export const STYLE: Css = css`
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1b2430; --quiet: #525d6b; --line: #d3d9e1; --link: #1d4f86;
  --good: #14532d; --good-back: #e4f3e9; --good-line: #9cc9ac;
  --caution: #6b4200; --caution-back: #fdf1d8; --caution-line: #dfb866;
  --bad: #8c1616; --bad-back: #fdeaea; --bad-line: #e2a3a3;
  --dark: #512a7a; --dark-back: #f3ebfa; --dark-line: #c5a8e0;
  --open: #1f4a73; --open-back: #e7f0f8; --open-line: #a3c3e0;
  --plain: #434d59; --plain-back: #eceff2; --plain-line: #c3cad2;
  --mark: #ffe08a; --mark-ink: #1b2430;
  --text: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --title: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Charter, Georgia, "Liberation Serif", serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --panel: #1c2229; --ink: #e4e8ed; --quiet: #a5b0bd; --line: #343d48; --link: #9cc7f2;
    --good: #a4e2ba; --good-back: #11301f; --good-line: #2f6a47;
    --caution: #ffd891; --caution-back: #382a0b; --caution-line: #77591b;
    --bad: #ffb9b1; --bad-back: #3e1719; --bad-line: #84383a;
    --dark: #dec2f7; --dark-back: #2d1c3d; --dark-line: #62437f;
    --open: #aed1f3; --open-back: #17293c; --open-line: #3a5f84;
    --plain: #c6ced7; --plain-back: #262d35; --plain-line: #47515d;
    --mark: #6b5208; --mark-ink: #fff3cd;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--text); }
.page { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
main:focus { outline: none; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -99rem; top: 0; z-index: 1; padding: .6rem 1rem; background: var(--ink); color: var(--paper); }
.skip:focus { left: 0; }
.for-readers { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1, h2 { font-family: var(--title); font-weight: 600; }
h1 { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.4rem); letter-spacing: -.01em; }
h2 { font-size: 1.55rem; padding-bottom: .4rem; border-bottom: 2px solid var(--ink); margin-bottom: 1rem; }
h3 { font-size: 1.06rem; margin: 1.6rem 0 .5rem; }
h4 { font-size: .8rem; letter-spacing: .05em; text-transform: uppercase; color: var(--quiet); margin: 0 0 .2rem; }
h2 .number { color: var(--quiet); font-weight: 400; margin-right: .35rem; }
p { margin: 0 0 .75rem; }
p, li, dd { max-width: 46rem; }
section { margin-top: 3.25rem; }
a { color: var(--link); text-underline-offset: .15em; }
ul, ol { margin: 0 0 .9rem; padding-left: 1.35rem; }
li { margin: .2rem 0; }
bdi, code, dd, td, th, h1, h3 { overflow-wrap: anywhere; }
code, pre { font-family: var(--mono); font-size: .855em; font-variant-ligatures: none; unicode-bidi: isolate; }
code { background: var(--panel); border-radius: 3px; padding: .08em .28em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.quiet, .left-out, .fingerprint, figcaption { color: var(--quiet); font-size: .875rem; }
.label { color: var(--quiet); font-size: .8rem; letter-spacing: .05em; text-transform: uppercase; margin-right: .35rem; }

.chip { display: inline-block; border: 1px solid; border-radius: 3px; padding: .05rem .45rem; font: 600 .8rem/1.45 var(--text); white-space: nowrap; }
.good { color: var(--good); background: var(--good-back); border-color: var(--good-line); }
.caution { color: var(--caution); background: var(--caution-back); border-color: var(--caution-line); }
.bad { color: var(--bad); background: var(--bad-back); border-color: var(--bad-line); }
.dark { color: var(--dark); background: var(--dark-back); border-color: var(--dark-line); }
.open { color: var(--open); background: var(--open-back); border-color: var(--open-line); }
.plain { color: var(--plain); background: var(--plain-back); border-color: var(--plain-line); }

.cover { padding-top: 1rem; }
.kind { color: var(--quiet); letter-spacing: .06em; text-transform: uppercase; font-size: .82rem; margin-bottom: .5rem; }
.decision { margin: 1.4rem 0; padding: .85rem 1.1rem; border: 1px solid; border-left-width: 6px; border-radius: 4px; max-width: none; }
.decision strong { font: 600 1.5rem/1.3 var(--title); display: block; }
.decision .label { color: inherit; }
.note { padding: .6rem 1rem; border: 1px solid; border-radius: 4px; max-width: none; }
.facts { margin: 0 0 1rem; }
.facts > div { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .25rem 1rem; padding: .42rem 0; border-top: 1px solid var(--line); }
.facts > div:last-child { border-bottom: 1px solid var(--line); }
dt { color: var(--quiet); font-size: .9rem; }
dd { margin: 0; }
dd ul { list-style: none; padding: 0; margin: 0; }
dd li { margin: 0; }
.references { display: flex; flex-wrap: wrap; gap: .15rem 1.6rem; margin: .4rem 0 1rem; font-size: .9rem; }
.references div { display: flex; gap: .45rem; align-items: baseline; }
.references dt { font-size: inherit; }
.contents h2 { font: 600 .8rem/1.4 var(--text); letter-spacing: .05em; text-transform: uppercase; color: var(--quiet); border: 0; margin: 0; }
.contents { margin-top: 1.8rem; font-size: .92rem; }
.contents ol { columns: 19rem 2; padding-left: 1.6rem; margin: .4rem 0 0; }
.contents li { margin: 0; padding: .1rem 0; break-inside: avoid; }

.tally { list-style: none; padding: 0; margin: 1rem 0; }
.tally li { display: grid; grid-template-columns: 7.2rem 5.2rem minmax(0, 1fr); gap: .2rem .8rem; align-items: baseline; padding: .35rem 0; max-width: none; border-top: 1px solid var(--line); margin: 0; }
.tally li > span:last-child { color: var(--quiet); font-size: .92rem; }
.tally .chip { justify-self: start; }
.score { font-size: 1.05rem; }

table { width: 100%; border-collapse: collapse; margin: .5rem 0 1rem; font-size: .92rem; }
caption { text-align: left; color: var(--quiet); font-size: .875rem; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; border-bottom: 1.5px solid var(--ink); font-size: .8rem; padding-bottom: .3rem; white-space: nowrap; overflow-wrap: normal; }
tbody th { font-weight: 600; min-width: 9rem; }
tbody th .number { display: block; font: .8rem var(--mono); color: var(--quiet); }
tbody th code { font-weight: 400; }
#checks tbody th, #policy tbody th { min-width: 14rem; }
td p { margin: 0 0 .3rem; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.digest { display: block; }
.digest code { display: block; font-size: .75rem; width: calc(32ch + .6rem); max-width: 100%; word-break: break-all; }

.finding { border-top: 1px solid var(--line); padding: 1.3rem 0 .4rem; }
.finding > h3 { margin: 0 0 .8rem; font-size: 1.2rem; font-family: var(--title); }
.finding > h3 .chip { vertical-align: .15em; margin-left: .3rem; }
.finding > h3 .number { display: inline-block; min-width: 1.5rem; color: var(--quiet); font-weight: 400; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: .5rem 2rem; }
.places { list-style: none; padding: 0; }
.places > li { border-left: 3px solid var(--line); padding: .1rem 0 .1rem 1rem; margin: .8rem 0 1.3rem; max-width: none; }
.places p { margin-bottom: .4rem; }
.where .number { color: var(--quiet); margin-right: .3rem; font-variant-numeric: tabular-nums; }
.waived { border-left: 3px solid var(--caution-line); padding-left: .7rem; }
.excerpt { margin: .5rem 0 .7rem; }
.excerpt pre { margin: .25rem 0 0; padding: .7rem .8rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; font-size: .8rem; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 46rem; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 2px; }
.line { display: block; padding-left: 7.5ch; text-indent: -7.5ch; }
.line .offset { display: inline-block; min-width: 6ch; text-align: right; text-indent: 0; color: var(--quiet); }
mark.line .offset { color: inherit; }
.excerpt pre.listing { padding-left: .3rem; }
details { margin: .4rem 0; }
summary { cursor: pointer; padding: .15rem 0; }
details > :not(summary) { margin-left: 1.1rem; }

.graph { margin: .5rem 0 1rem; }
.graph svg { width: 100%; height: auto; display: block; overflow: visible; }
.graph svg svg { overflow: hidden; }
.graph > div { max-width: 50rem; }
.narrow-only { display: none; }
.box { fill: var(--panel); stroke: var(--quiet); stroke-width: 1.2; }
.edge { fill: none; stroke: var(--quiet); stroke-width: 1.4; }
.dashed { stroke-dasharray: 5 4; }
.box.dashed { fill: var(--paper); }
.head { fill: var(--quiet); }
.box-kind { fill: var(--quiet); font: 11px var(--text); }
.box-name { fill: var(--ink); font: 12px var(--mono); }
.bars { list-style: none; padding: 0; }
.bars li { max-width: none; margin: .7rem 0; }
.bars p { margin: 0 0 .2rem; max-width: none; }
.bar { width: 100%; height: 10px; display: block; border-bottom: 1px solid var(--line); }
.parsed { fill: var(--open); }
.opaque { fill: var(--plain-line); }
.unread { fill: var(--bad); }
.difference { width: 9rem; max-width: 100%; height: 12px; display: block; margin-top: .2rem; }
.difference .track { fill: var(--line); }
.difference .holds { fill: var(--good); }
.difference .differs { fill: var(--bad); }
.difference .limit { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: .5rem 2rem; margin: .6rem 0 1rem; }
.plot { margin: 0; min-width: 0; max-width: 34rem; }
.plot > svg { width: 100%; height: auto; display: block; }
.plot > svg.pixels { max-width: 14rem; border: 1px solid var(--line); }
.plot figcaption { margin-top: .3rem; }
.plot .grid { fill: none; stroke: var(--line); stroke-width: 1; }
.plot .axis { fill: none; stroke: var(--quiet); stroke-width: 1.4; }
.plot .tick { fill: var(--quiet); font: 13px var(--text); }
.plot .middle { text-anchor: middle; }
.plot .end { text-anchor: end; }
.bar-now { fill: var(--ink); }
.bar-before { fill: var(--open); }
.line-model, .line-second, .line-third, .line-fourth { fill: none; stroke: var(--ink); stroke-width: 2.4; stroke-linejoin: round; }
.line-second { stroke: var(--open); stroke-dasharray: 9 5; }
.line-third { stroke: var(--caution); stroke-dasharray: 2 4; }
.line-fourth { stroke: var(--dark); stroke-dasharray: 12 4 2 4; }
.plot .key { margin: .2rem 0 0; font-size: inherit; }
.plot .key svg { border: 0; }
.test { border-top: 1px solid var(--line); padding: .9rem 0 .3rem; }
.test > h3 { margin: 0 0 .4rem; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; list-style: none; padding: 0; font-size: .9rem; }
.key svg { width: 1.8rem; height: 14px; vertical-align: -.1em; margin-right: .4rem; border-bottom: 1px solid var(--line); }

.role { border-top: 1px solid var(--line); padding: .2rem 0 .8rem; }
.role h3 { margin: .8rem 0 .4rem; }
.choices { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; list-style: none; padding: 0; margin: 0 0 .6rem; }
.choices li::before { content: ""; display: inline-block; width: .85em; height: .85em; border: 1.5px solid var(--ink); border-radius: 2px; margin-right: .5em; vertical-align: -.08em; }
.role dl { display: grid; grid-template-columns: 2fr 1fr 2fr; gap: .8rem 1.5rem; margin: 0; }
.role dd { border-bottom: 1.2px solid var(--ink); height: 2.1rem; }
.lines { height: 9.6rem; max-width: none; background: repeating-linear-gradient(to bottom, transparent 0 2.3rem, var(--line) 2.3rem 2.4rem); }

@media screen and (max-width: 44rem) {
  .page { padding: 1rem 1rem 3rem; }
  .facts > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .tally li { grid-template-columns: max-content minmax(0, 1fr); }
  .tally li > span:last-child { grid-column: 1 / -1; }
  .contents ol { columns: 1; }
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { border-top: 1px solid var(--line); padding: .7rem 0; }
  th, td, #checks tbody th, #policy tbody th { border: 0; padding: .12rem 0; min-width: 0; }
  td::before { content: attr(data-label); display: inline-block; min-width: 5.6rem; margin-right: .4rem; color: var(--quiet); font-size: .8rem; }
  td.number { white-space: normal; }
  .role dl { grid-template-columns: minmax(0, 1fr); gap: .4rem; }
  .wide-only { display: none; }
  .narrow-only { display: block; }
  .excerpt pre { font-size: .72rem; padding: .5rem; }
}
`;
