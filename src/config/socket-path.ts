import { join } from 'node:path';

/** Where controller and command line meet if nobody says otherwise: a directory of this user only. */
export function defaultSocketPath(env: NodeJS.ProcessEnv): string {
  if (env['ROSTRUM_SOCKET']) return env['ROSTRUM_SOCKET'];
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'rostrum', 'rostrum.sock');
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? '/run/rostrum/rostrum.sock' : `/tmp/rostrum-${uid}/rostrum.sock`;
}
