import { type Css, css } from '../../report/html/index.ts';

/** What people type into and press. */
export const STYLE_FORMS: Css = css`
form { margin: .6rem 0 1rem; max-width: 40rem; }
form.act { display: inline; margin: 0; }
.field { margin: 0 0 .9rem; }
label, legend { font-weight: 600; display: block; padding: 0; }
label .quiet { font-weight: 400; margin-left: .3rem; }
.hint { color: var(--quiet); font-size: .86rem; margin: 0 0 .25rem; }
input, select, textarea { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--quiet); border-radius: 4px; padding: .35rem .55rem; width: 100%; max-width: 40rem; margin-top: .2rem; }
input::placeholder { color: var(--quiet); opacity: 1; }
input[type="date"], select { width: auto; min-width: 12rem; max-width: 100%; }
input[type="checkbox"], input[type="radio"] { width: 1.1rem; height: 1.1rem; margin: 0 .5rem 0 0; vertical-align: -.15rem; accent-color: var(--ink); }
input[type="file"] { padding: .4rem; }
textarea { resize: vertical; min-height: 4.5rem; }
fieldset { border: 0; padding: 0; margin: 0 0 .9rem; min-width: 0; }
fieldset label { font-weight: 400; padding: .15rem 0; }
.button { display: inline-block; font: 600 .88rem/1.3 var(--text); padding: .38rem .85rem; border: 1px solid var(--quiet); border-radius: 4px; background: var(--paper); color: var(--ink); text-decoration: none; cursor: pointer; }
.button:hover { background: var(--plain-back); }
.main-act { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.main-act:hover { background: var(--quiet); }
.danger-act { border-color: var(--bad); color: var(--bad); }
.danger-act:hover { background: var(--bad-back); }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; margin: .8rem 0; align-items: center; }
.pager { display: flex; gap: .5rem; margin: .8rem 0; }
.usage-time { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: end; max-width: none; }
.usage-time .field { margin: 0 0 .4rem; }
.usage-time .button { margin-bottom: .4rem; }
.search { display: flex; gap: .4rem; margin: 0; align-items: center; max-width: 26rem; flex: 1 1 15rem; }
.search input { margin: 0; min-width: 0; }
.confirm { border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1.1rem .3rem; margin: 1rem 0; }
.narrow { max-width: 31rem; margin: 0 auto; padding-top: 6vh; }
.narrow .button { padding: .5rem 1rem; }
.or { color: var(--quiet); display: flex; align-items: center; gap: .8rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
`;
