import { AssayError } from '../core/index.ts';
import { isLoopback, type OciReference } from '../core/reference/index.ts';

/** The endpoint of a repository of a registry. */
export interface OciEndpoint {
  /** Scheme, host and port: where credentials and tokens of this registry go, and nowhere else. */
  readonly origin: string;
  /** Host without port, as addresses spell it. */
  readonly hostname: string;
  /** Names under which a docker config may keep this registry's credentials, the likeliest first. */
  readonly names: readonly string[];
  readonly repository: string;
  /** `oci://registry/repository`, for messages and pinned references. */
  readonly subject: string;
}

/** The host that `docker login` without a host means, and the host that serves its images. */
const DOCKER_HUB: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * `http://` for a registry on this machine, as Docker's own rule has it; `https://` for every other.
 * @throws AssayError `usage` for a host that no address can be made of.
 */
export function endpointOf({ registry, repository }: OciReference): OciEndpoint {
  const asked = registry.toLowerCase();
  if (DOCKER_HUB.has(asked)) {
    const path = repository.includes('/') ? repository : `library/${repository}`;
    return {
      origin: 'https://registry-1.docker.io',
      hostname: 'registry-1.docker.io',
      names: ['index.docker.io', 'docker.io', 'registry-1.docker.io'],
      repository: path,
      subject: `oci://docker.io/${path}`,
    };
  }
  const subject = `oci://${asked}/${repository}`;
  if (!URL.canParse(`https://${asked}`)) {
    throw new AssayError('usage', `"${asked}" is not the host of a registry`, {
      subject,
      hint: 'write oci://registry/repository:tag',
    });
  }
  const { hostname } = new URL(`https://${asked}`);
  const { origin } = new URL(`${isLoopback(hostname) ? 'http' : 'https'}://${asked}`);
  return { origin, hostname, names: [asked], repository, subject };
}
