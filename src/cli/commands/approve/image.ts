import { AssayError } from '../../../core/index.ts';
import { parseOci } from '../../../core/reference/index.ts';
import { signStatement } from '../../../integrity/attestations/index.ts';
import { createStatement } from '../../../integrity/statements/index.ts';
import { endpointOf, OciClient, type OciImage, readOciImage } from '../../../oci/index.ts';
import type { ApprovedImage } from '../../../registry/index.ts';
import { jsonText, TextPage, terminalText } from '../../../report/index.ts';
import { Refusal, withRegistry } from '../../registry/index.ts';
import type { SigningWay } from '../../signing/index.ts';
import { canAsk, isConfirmed, openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import { keepFirstKey, refuseWithoutTrust } from './first-key.ts';
import { type ImageApproveRequest, untilOf } from './request.ts';
import { wayOf } from './way.ts';

/** An image as its registry says it, with the tag that was asked for. */
interface NamedImage extends OciImage {
  /** `oci://registry/repository@sha256:<hex>` */
  readonly image: string;
  readonly tag: string | undefined;
}

/** Reads what a container image starts, shows it, and keeps the signed approval of it. */
export async function runApproveImage(request: ImageApproveRequest, shell: Shell): Promise<void> {
  const expires = request.until === undefined ? undefined : untilOf(request.until);
  const sink = await openSink(request.output, shell);
  const way = await wayOf(request.signing, shell);
  if (way === undefined)
    throw new AssayError('usage', 'an approval of an image is signed by its approver', {
      subject: request.artifact,
      hint: 'give --key, or --keyless',
    });
  try {
    const options = { verb: 'assay approve', subject: request.artifact, make: true, key: way.publicKey };
    await withRegistry(request.registry, shell, options, async (registry) => {
      refuseWithoutTrust(registry, request.artifact);
      const image = await readImage(request, shell);
      await confirm(request, image, shell);
      const attestation = await signed(request, image, { way, expires });
      await keepFirstKey(registry, shell);
      const approval = await registry.approveImage(attestation);
      const page = new TextPage(widthOf(shell.stdout), wantsColor(shell.stdout, shell.env, request.color));
      sink.write(request.format === 'json' ? jsonOf(approval, image, request) : textOf(approval, image, request, page));
      await sink.commit();
    });
  } finally {
    await way.close();
  }
}

async function readImage({ artifact, offline }: ImageApproveRequest, shell: Shell): Promise<NamedImage> {
  const reference = parseOci(artifact);
  if (offline)
    throw new AssayError('usage', 'the configuration of the image is read from its registry', {
      subject: artifact,
      hint: 'run without --offline',
    });
  const client = new OciClient(endpointOf(reference), { signal: shell.signal, env: shell.env });
  try {
    const read = await readOciImage(client, reference.digest ?? reference.tag ?? 'latest');
    const tag = reference.tag ?? (reference.digest === undefined ? 'latest' : undefined);
    return { ...read, image: `${client.endpoint.subject}@${read.digest}`, tag };
  } finally {
    await client.close();
  }
}

async function confirm(request: ImageApproveRequest, image: NamedImage, shell: Shell): Promise<void> {
  if (request.yes || !canAsk(shell)) return;
  const page = new TextPage(widthOf(shell.stderr), wantsColor(shell.stderr, shell.env, request.color));
  imageRows(page, image);
  shell.stderr.write(page.toString());
  const question = request.as === 'sealed' ? 'Does it load only what it holds?' : 'May it run?';
  if (await isConfirmed(question, shell)) return;
  throw new Refusal('is not approved', { subject: image.image });
}

async function signed(
  { as, comment }: ImageApproveRequest,
  { image, tag, facts, platforms }: NamedImage,
  { way, expires }: { readonly way: SigningWay; readonly expires: Date | undefined },
): Promise<string> {
  const statement = createStatement('image', {
    image,
    ...(tag === undefined ? {} : { tag }),
    as,
    facts,
    platforms,
    reason: comment,
    at: new Date(),
    ...(expires === undefined ? {} : { expires }),
  });
  return JSON.stringify(await signStatement(statement, way.signer));
}

function imageRows(page: TextPage, { image, tag, facts, platforms }: NamedImage): void {
  const list = (texts: readonly string[]) => (texts.length === 0 ? 'nothing' : JSON.stringify(texts));
  page.row('image', terminalText(image));
  if (tag !== undefined) page.row('tag', terminalText(tag));
  page.row('platforms', terminalText(platforms.join(', ')));
  page.row('entrypoint', terminalText(list(facts.entrypoint)));
  page.row('cmd', terminalText(list(facts.cmd)));
  page.row('folder', terminalText(facts.workingDir));
  for (const variable of facts.env) page.row('env', terminalText(variable));
  for (const volume of facts.volumes) page.row('volume', terminalText(volume));
}

function textOf({ id }: ApprovedImage, image: NamedImage, { as, quiet }: ImageApproveRequest, page: TextPage): string {
  if (quiet) return `${id}\n`;
  imageRows(page, image);
  page.row('approved', `as ${as}: ${id}`);
  page.row('', 'the next snapshot lists it: assay snapshot');
  return page.toString();
}

function jsonOf({ id, digest }: ApprovedImage, image: NamedImage, { as }: ImageApproveRequest): string {
  const { tag = null, facts, platforms } = image;
  return `${jsonText({ schemaVersion: '1', id, image: image.image, digest, tag, as, platforms, facts }, 2)}\n`;
}
