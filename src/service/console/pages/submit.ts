import { code, type Html, html } from '../../../report/html/index.ts';
import { humanBytes } from '../../../report/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { HOME } from '../links.ts';
import { button, command, field, form, part, type Viewer } from '../parts.ts';

/** Ways to have a model scanned. @param maxBytes of what a browser sends at once */
export function submitPage(viewer: Viewer, maxBytes: number, draft?: Draft): Html {
  const model = {
    name: 'model',
    label: 'Model',
    example: 'acme/bert',
    hint: html`Its name in this registry: letters, digits, ${code('.')}, ${code('_')}, ${code('-')} and ${code('/')}.`,
  };
  const body = html`${refusalNote(draft)}<p class="lead">The model is read, judged and decided on, without running any of it. It then stands as a candidate.</p>
<div class="two">${part(
    'by-reference',
    'From its source',
    form(
      viewer,
      `${HOME}/submit`,
      field({
        name: 'ref',
        label: 'Reference',
        required: true,
        most: 1500,
        value: typedInto(draft, 'ref'),
        example: 'hf://owner/model@revision',
        hint: html`${code('hf://')}, ${code('https://')}, ${code('s3://')}, ${code('oci://')} or ${code('models:/')} (MLflow). Paths on the disk of the service are not accepted.`,
      }),
      field({
        ...model,
        value: typedInto(draft, 'model'),
        hint: html`Its name in this registry. If empty, a model of the Hub keeps its own name.`,
      }),
      html`<p>${button({ label: 'Scan it', kind: 'main' })}</p>\n`,
    ),
  )}${part(
    'by-upload',
    'From this computer',
    html`<form method="post" action="${HOME}/submit/files" enctype="multipart/form-data">
<input type="hidden" name="_csrf" value="${viewer.csrf}">
<div class="field"><label for="f-files">Files</label>
<p class="hint" id="h-files">All files of one model, up to ${humanBytes(maxBytes)} together.</p>
<input id="f-files" name="files" type="file" multiple required aria-describedby="h-files"></div>
${field({ ...model, name: 'upload_model', required: true, value: typedInto(draft, 'upload_model') })}<p>${button({ label: 'Upload and scan', kind: 'main' })}</p>
</form>
`,
  )}</div>
${part(
  'by-terminal',
  'Larger models, and scripts',
  html`<p>The API takes uploads of any size in pieces, and goes on where a connection broke: begin one, send each file, complete it,
and ask for the scan. <a href="/v1/openapi.json">The OpenAPI document</a> has all of it.</p>\n`,
  command(
    'api() { curl -fsS -H "Authorization: Bearer $ASSAY_TOKEN" "$@"; }',
    'size=$(stat -c %s model.safetensors)',
    `api -H 'Content-Type: application/json' "$ASSAY_URL/v1/uploads" \\`,
    `  -d '{"files": [{"path": "model.safetensors", "size": '$size'}]}'   # gives the id of the upload`,
    `api -X PATCH -H 'Content-Type: application/offset+octet-stream' -H 'Upload-Offset: 0' \\`,
    '  --data-binary @model.safetensors "$ASSAY_URL/v1/uploads/$ID/files/0"',
    'api -X POST "$ASSAY_URL/v1/uploads/$ID/complete"',
    `api -H 'Content-Type: application/json' "$ASSAY_URL/v1/jobs" -d '{"upload": "'$ID'", "model": "acme/bert"}'`,
  ),
)}`;
  return page(viewer, { title: 'Submit a model', place: 'submit', body });
}
