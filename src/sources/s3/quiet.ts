const SILENCED = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Makes a client of AWS, whose constructor warns on stderr about Node versions whose support will end. */
export function quietly<T>(make: () => T): T {
  const before = process.env[SILENCED];
  process.env[SILENCED] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[SILENCED];
    else process.env[SILENCED] = before;
  }
}
