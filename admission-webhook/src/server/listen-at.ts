import type { Server } from 'node:net';
import { AssayError, systemCode } from '../../../src/core/index.ts';
import type { ListenPlace } from './options.ts';

/** @throws AssayError `usage` when the place cannot be had */
export async function listenAt(server: Server, { host, port }: ListenPlace, flag: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) => {
      const code = systemCode(cause) ?? 'unknown';
      const subject = `${flag} ${host}:${port}`;
      reject(
        new AssayError('usage', `is not available to listen at (${code})`, {
          subject,
          hint: `choose another ${flag}`,
          cause,
        }),
      );
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
