import type { PolicyList } from '../../../registry/api/index.ts';
import { bulletList, code, facts, fold, type Html, html, NOTHING, told } from '../../../report/html/index.ts';
import { page } from '../layout.ts';
import { command, part, type Viewer } from '../parts.ts';
import { STAGE_WORDS } from '../words.ts';

/** By what is decided here, and the policies that are shipped. */
export function policiesPage(viewer: Viewer, { inUse, shipped }: PolicyList): Html {
  const used = inUse.map(({ stage, name, digest, source, approvals, methods }) =>
    part(
      `stage-${stage}`,
      html`${STAGE_WORDS[stage].text}: ${told(name)}`,
      facts([
        ['Digest', code(digest)],
        [
          'Approvals',
          approvals.length === 0
            ? 'none: every model that the policy allows may move there'
            : bulletList(
                approvals.map(({ role, count }) => `${count} ${role}${count === 1 ? '' : ', from different people'}`),
              ),
        ],
        [
          'Approvers sign',
          methods.length === 0 ? 'in a session of this service, or with their own key' : methods.join(' or '),
        ],
      ]),
      source === null
        ? html`<p class="quiet">A policy of your own; its text is in the file that the service is configured with.</p>\n`
        : fold('Text', sourceOf(name, source)),
    ),
  );
  const others = shipped.map(({ name, summary, digest, source }) =>
    fold(
      html`<strong>${name}</strong>: ${summary}`,
      html`${facts([['Digest', code(digest)]])}${sourceOf(name, source)}`,
    ),
  );
  const body = html`<p class="lead">A policy looks at what is known of a model and says allow, warn or deny. An approval is bound to the digest of the
policy that the approver saw.</p>
${used}${part('shipped', 'Shipped policies', others, html`<h3>Write your own</h3>\n`, command('assay policy check ours.yaml', 'assay policy explain --policy ours.yaml acme/model'))}${NOTHING}`;
  return page(viewer, { title: 'Policies', place: 'policies', body });
}

function sourceOf(name: string, source: string): Html {
  const lines = source.split('\n').map((line) => html`${line}\n`);
  return html`<pre class="source" tabindex="0" role="region" aria-label="Text of ${name}">${lines}</pre>\n`;
}
