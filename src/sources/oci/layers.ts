import { createHash } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import type { OciDescriptor } from '../../oci/index.ts';

/** One blob of an artifact as a file. */
export type OciFile = {
  readonly path: string;
  readonly descriptor: OciDescriptor;
} & (
  | {
      /** Hex of the descriptor's digest. */
      readonly sha256: string;
    }
  | {
      /** Why it is not read. */
      readonly refusal: AssayError;
    }
);

/** Where ModelPack, its drafts and ORAS write the path of a layer's file. */
const PATH_ANNOTATIONS = ['org.cncf.model.filepath', 'org.cnai.model.filepath', 'org.opencontainers.image.title'];

/** Layers with a known media type but no name: those of Ollama and of Docker models. */
const NAMES: Readonly<Record<string, string>> = {
  'application/vnd.ollama.image.model': 'model.gguf',
  'application/vnd.ollama.image.projector': 'projector.gguf',
  'application/vnd.ollama.image.adapter': 'adapter',
  'application/vnd.ollama.image.template': 'template.txt',
  'application/vnd.ollama.image.system': 'system.txt',
  'application/vnd.ollama.image.license': 'LICENSE.txt',
  'application/vnd.ollama.image.params': 'params.json',
  'application/vnd.ollama.image.messages': 'messages.json',
  'application/vnd.docker.ai.gguf.v3': 'model.gguf',
  'application/vnd.docker.ai.safetensors': 'model.safetensors',
  'application/vnd.docker.ai.mmproj': 'mmproj.gguf',
  'application/vnd.docker.ai.chat.template.jinja': 'template.jinja',
  'application/vnd.docker.ai.license': 'LICENSE.txt',
};

/** `...v1.tar+gzip`, `...diff.tar.gzip`, `...v1.raw+zstd`: how a layer is packed. */
const PACKING = /[.+](tar|raw)(?:[.+](gzip|zstd))?$/;
const SUFFIXES: Readonly<Record<string, string>> = { gzip: '.gz', zstd: '.zst' };

/**
 * A file for each layer and for the config: every part of the artifact is scanned. A layer that cannot be read stays in the
 * list, with the reason.
 * @throws AssayError `malformed` when names cannot be distinguished.
 */
export function filesOf(config: OciDescriptor, layers: readonly OciDescriptor[]): OciFile[] {
  const files = new Map<string, OciFile>();
  const named = [...layers.map((layer) => toFile(layer, nameOf(layer))), toFile(config, 'config.json')];
  for (const file of named) {
    const other = files.get(file.path);
    if (other !== undefined && isSame(other, file)) continue;
    const path = other === undefined ? file.path : withDigest(file.path, file.descriptor.digest);
    const taken = files.get(path);
    if (taken === undefined) files.set(path, { ...file, path });
    else if (!isSame(taken, file)) throw nameTwice(path);
  }
  return [...files.values()];
}

/** The same blob once more. */
function isSame(a: OciFile, b: OciFile): boolean {
  return 'sha256' in a && 'sha256' in b && a.sha256 === b.sha256 && a.descriptor.size === b.descriptor.size;
}

function toFile(descriptor: OciDescriptor, path: string): OciFile {
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(descriptor.digest)?.[1];
  if (sha256 === undefined) return { path, descriptor, refusal: otherDigest(descriptor, path) };
  const refusal = refusalOf(descriptor, sha256, path);
  return refusal === undefined ? { path, descriptor, sha256 } : { path, descriptor, refusal };
}

function otherDigest({ digest }: OciDescriptor, subject: string): AssayError {
  return new AssayError(
    'unsupported',
    `a layer with the digest ${JSON.stringify(digest.slice(0, 16))} is not supported`,
    {
      subject,
      hint: 'ask its publisher to push it with SHA-256 digests',
    },
  );
}

function refusalOf(descriptor: OciDescriptor, sha256: string, subject: string): AssayError | undefined {
  const { urls = [], data } = descriptor;
  const bad = pathsOf(descriptor).find((path) => !isArtifactPath(path));
  if (bad !== undefined) {
    return new AssayError('malformed', `the layer's name ${JSON.stringify(bad)} is not a path within the artifact`, {
      subject,
      hint: 'do not extract it; inform its publisher',
    });
  }
  if (urls.length > 0) {
    return new AssayError(
      'refused',
      'the layer is stored outside of the registry, and Assay does not download it from there',
      {
        subject,
        hint: 'ask its publisher to push it without foreign layers',
      },
    );
  }
  if (data !== undefined && hexOf(Buffer.from(data, 'base64')) !== sha256) {
    return new AssayError('mismatch', 'the bytes of the layer in the manifest do not match its digest', {
      subject,
      hint: 'do not use it; inform its publisher',
    });
  }
  return undefined;
}

/** Where the layer's file goes, by each annotation that says so; `../` and a closing `/` mean nothing. */
function pathsOf({ annotations }: OciDescriptor): string[] {
  return PATH_ANNOTATIONS.flatMap((key) => {
    const path = annotations?.[key]?.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    return path === undefined || path === '' || path === '.' ? [] : [path];
  });
}

function nameOf(descriptor: OciDescriptor): string {
  const { mediaType, digest } = descriptor;
  const known = Object.hasOwn(NAMES, mediaType) ? NAMES[mediaType] : undefined;
  const unnamed = known ?? `layer-${digest.replace(/[^0-9A-Za-z]+/g, '-').slice(0, 19)}`;
  const paths = pathsOf(descriptor);
  const named = paths.every(isArtifactPath) ? paths[0] : undefined;
  if (named !== undefined && isPlainFile(descriptor)) return named;
  const path = named ?? unnamed;
  const [, form, coding = ''] = PACKING.exec(mediaType) ?? [];
  const suffix = `${form === 'tar' ? '.tar' : ''}${SUFFIXES[coding] ?? ''}`;
  const done = path.endsWith(suffix) || (suffix === '.tar.gz' && path.endsWith('.tgz'));
  return done ? path : `${path}${suffix}`;
}

/** ORAS calls any file this kind of image layer: its title is the file's own name, unless it is to be unpacked. */
function isPlainFile({ mediaType, annotations }: OciDescriptor): boolean {
  const unpack = annotations?.['io.deis.oras.content.unpack']?.toLowerCase() === 'true';
  return mediaType === 'application/vnd.oci.image.layer.v1.tar' && !unpack;
}

/** `model.safetensors` becomes `model@sha256-....safetensors`: the name keeps its extension. */
function withDigest(path: string, digest: string): string {
  const at = path.search(/(?:\.tar)?\.[^./]*$/);
  const cut = at <= 0 || path[at - 1] === '/' ? path.length : at;
  return `${path.slice(0, cut)}@${digest.replace(/[^0-9A-Za-z]+/g, '-').slice(0, 140)}${path.slice(cut)}`;
}

function nameTwice(path: string): AssayError {
  return new AssayError('malformed', `the manifest names two layers ${JSON.stringify(path)}`, {
    hint: 'do not use it; inform its publisher',
  });
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
