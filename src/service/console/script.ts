/**
 * All that runs in the browser: a form is sent once, however often its button is pressed; and where a page shows jobs, their parts
 * are replaced by what the service tells of them. Pages are whole without it. The markup comes from the same templates as the
 * page, so nothing in it is made here.
 */
export const SCRIPT = `'use strict';
addEventListener('submit', (event) => {
  if ('sent' in event.target.dataset) event.preventDefault();
  else event.target.dataset.sent = '';
});
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
});
for (const live of document.querySelectorAll('[data-live]')) {
  const heard = document.getElementById('heard');
  const source = new EventSource(live.dataset.live);
  source.addEventListener('open', () => live.setAttribute('data-connected', ''));
  source.addEventListener('error', () => live.removeAttribute('data-connected'));
  source.addEventListener('job', (event) => {
    const { id, rev, html, said } = JSON.parse(event.data);
    const old = live.querySelector('[data-job="' + CSS.escape(id) + '"]');
    if (old !== null && old.dataset.rev === rev) return;
    const template = document.createElement('template');
    template.innerHTML = html;
    const fresh = template.content.firstElementChild;
    if (old === null) {
      if (!('grows' in live.dataset)) return;
      live.prepend(fresh);
    } else {
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(fresh);
      if (hadFocus) fresh.querySelector('a, button')?.focus();
    }
    if (said !== '' && heard !== null) heard.textContent = said;
  });
  source.addEventListener('end', () => source.close());
  addEventListener('pagehide', () => source.close());
}
`;
