import { facts, type Html, type HtmlValue, html } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { type Crumb, type PagePlace, page } from '../layout.ts';
import { button, form, linkButton, note, textArea, type Viewer } from '../parts.ts';

export interface ActView {
  readonly title: string;
  readonly place: PagePlace;
  readonly crumbs: readonly Crumb[];
  /** What follows from it. */
  readonly follows: HtmlValue;
  readonly tone: 'open' | 'caution' | 'bad';
  readonly facts: readonly (readonly [name: string, value: HtmlValue])[];
  /** Where the form goes, and its further fields. */
  readonly action: string;
  readonly fields: HtmlValue;
  /** The field in which is said why. */
  readonly why: { readonly name: 'reason' | 'comment'; readonly label: string };
  readonly label: string;
  readonly kind: 'main' | 'danger';
  readonly back: string;
  /** When it was sent before, and refused. */
  readonly draft?: Draft | undefined;
}

/** The page for an action with a reason: its object and its consequences stand above the button. */
export function actPage(viewer: Viewer, view: ActView): Html {
  const { why, label, kind, back, draft } = view;
  const body = html`${refusalNote(draft)}${note(view.tone, view.follows)}${facts(view.facts)}${form(
    viewer,
    view.action,
    view.fields,
    textArea({ ...why, required: true, value: typedInto(draft, why.name) }),
    html`<div class="acts">${button({ label, kind })}${linkButton(back, { label: 'Back' })}</div>\n`,
  )}`;
  return page(viewer, { title: view.title, place: view.place, crumbs: view.crumbs, body });
}
