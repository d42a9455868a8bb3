import { execFile } from 'node:child_process';
import type { Logger } from 'winston';
import { sendText } from '../udp/descriptors.ts';
import { loadLibc } from '../udp/libc.ts';

/** systemd expects a message at least this often in the time after which it gives a service up: sd_watchdog_enabled(3). */
const TIMES = 3;

/**
 * Tells systemd from now on that this process is alive, if its unit has `WatchdogSec`: sd_notify(3). One that is stopped or
 * in a loop says nothing, so systemd kills it and starts the service again.
 */
export async function answerSystemdWatchdog(env: NodeJS.ProcessEnv, logger: Logger): Promise<void> {
  const path = env['NOTIFY_SOCKET'];
  const afterMs = Number(env['WATCHDOG_USEC']) / 1000;
  if (!path || !(afterMs > 0) || Number(env['WATCHDOG_PID'] ?? process.pid) !== process.pid) return;
  const loaded = await loadLibc();
  const warn = ({ message }: Error) => logger.warn(`systemd is not told that this process is alive: ${message}`);
  const send = (text: string) => {
    // Node.js has no datagrams of unix sockets.
    if (loaded.type !== 'loaded') return void execFile('systemd-notify', [text], (error) => error && warn(error));
    try {
      sendText(loaded.libc, path, text);
    } catch (error) {
      warn(error as Error);
    }
  };
  send('WATCHDOG=1');
  setInterval(send, afterMs / TIMES, 'WATCHDOG=1').unref();
}
