import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { access, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { loadLibc } from '../../udp/libc.ts';
import { isQueueAllowed } from '../../udp/send-queue.ts';
import { type PortRange, parsePortRanges } from '../checks/ports.ts';

const run = promisify(execFile);
const PROGRAM_TIMEOUT_MS = 2000;
/** systemd-timesyncd makes it when it has set the clock. */
const TIMESYNC_FILE = '/run/systemd/timesync/synchronized';

/** Whether the machine knows an address for its own name, without which Asterisk waits for DNS at each call. */
export async function nameResolves(): Promise<boolean> {
  return lookup(hostname()).then(
    () => true,
    () => false,
  );
}

/** @param key such as `net.core.rmem_max`. @returns null if it cannot be read */
export async function readSysctl(key: string): Promise<string | null> {
  const text = await readFile(`/proc/sys/${key.replaceAll('.', '/')}`, 'utf8').catch(() => null);
  return text?.trim() ?? null;
}

/** @returns the ports that Linux gives to programs that ask for any, and those that it does not */
export async function readLocalPorts(): Promise<{ local: PortRange | null; reserved: PortRange[] }> {
  const [local, reserved] = await Promise.all([
    readSysctl('net.ipv4.ip_local_port_range'),
    readSysctl('net.ipv4.ip_local_reserved_ports'),
  ]);
  const [first, last] = (local ?? '').split(/\s+/).map(Number);
  return { local: first && last ? { first, last } : null, reserved: parsePortRanges(reserved ?? '') };
}

/** Whether the clock is kept by NTP; null if nothing on this host tells. */
export async function readClockSynchronised(): Promise<boolean | null> {
  const systemd = await outputOf('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (systemd === 'yes' || systemd === 'no') return systemd === 'yes';
  const chrony = await outputOf('chronyc', ['-c', 'tracking']);
  // The last field: Normal, Insert second, Delete second, or Not synchronised.
  if (chrony) return chrony.split(',').at(-1) !== 'Not synchronised';
  return access(TIMESYNC_FILE).then(
    () => true,
    () => null,
  );
}

/** @returns null if the program is not there, fails or takes too long */
async function outputOf(program: string, args: readonly string[]): Promise<string | null> {
  const output = await run(program, args, { timeout: PROGRAM_TIMEOUT_MS }).catch(() => null);
  return output?.stdout.trim() ?? null;
}

/** @returns why `koffi` cannot call libc; null if it can */
export async function readFfiFailure(): Promise<string | null> {
  try {
    const { default: koffi } = await import('koffi');
    const getpid: () => unknown = koffi.load(null).func('int getpid()');
    return getpid() === process.pid ? null : 'a call of libc has answered wrongly';
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'it cannot be loaded';
  }
}

/** @returns whether the kernel lets this process send many packets with one call; null without koffi */
export async function readSendsTogether(): Promise<boolean | null> {
  const libc = await loadLibc();
  return libc.type === 'loaded' ? isQueueAllowed(libc.libc) : null;
}
