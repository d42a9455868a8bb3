import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `asterisk-config/host/systemd/system/rostrum.service` has it. */
const SYSTEM_SOCKET = '/run/rostrum/rostrum.sock';

/** Where the controller listens for commands if nobody says otherwise: in a directory of this user only. */
export function defaultSocketPath(env: NodeJS.ProcessEnv): string {
  if (env['ROSTRUM_SOCKET']) return env['ROSTRUM_SOCKET'];
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'rostrum', 'rostrum.sock');
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? SYSTEM_SOCKET : `/tmp/rostrum-${uid}/rostrum.sock`;
}

/** Where commands look: at the controller of this user, or else at that of the system, if there is one. */
export function socketPathForCommands(env: NodeJS.ProcessEnv, ofSystem = SYSTEM_SOCKET): string {
  const own = defaultSocketPath(env);
  return env['ROSTRUM_SOCKET'] || existsSync(own) || !existsSync(ofSystem) ? own : ofSystem;
}
