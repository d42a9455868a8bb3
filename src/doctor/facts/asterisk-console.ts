import { connect } from 'node:net';
import type { RtpSettings } from '../checks/anchoring.ts';
import type { PortRange } from '../checks/ports.ts';
import type { HostSockets, Process } from './processes.ts';

const SOCKET_NAME = 'asterisk.ctl';
const TIMEOUT_MS = 2000;
const MAX_BYTES = 1 << 20;

/**
 * The control socket of an Asterisk: that of the process, else the only one on this host.
 * @param asterisk null if its process is not known
 */
export function consoleSocketOf({ unix, owners }: HostSockets, asterisk: Process | null): string | null {
  const all = unix.filter(({ path }) => path.endsWith(`/${SOCKET_NAME}`));
  const own = asterisk && all.find(({ inode }) => owners.get(inode)?.pid === asterisk.pid);
  if (own) return own.path;
  return asterisk === null && all.length === 1 ? (all[0]?.path ?? null) : null;
}

/**
 * Runs a command on the console, as `asterisk -rx` does: the command ends with a zero byte, and the answer begins with a
 * line of name, process and version.
 * @returns null if the console cannot be asked by this user
 */
export function askConsole(socketPath: string, command: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let text = '';
    const settle = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(TIMEOUT_MS, () => settle(null));
    socket.on('error', () => settle(null));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_BYTES) settle(null);
    });
    socket.on('end', () => settle(text.slice(text.indexOf('\n') + 1)));
    socket.write(`cli quit after ${command}\0`);
  });
}

/** @param text of `core show settings`. @returns where Asterisk has its configuration; null if it is something else */
export function configurationDirectoryIn(text: string): string | null {
  return /^\s*Configuration directory:\s+(\S.*?)\s*$/m.exec(text)?.[1] ?? null;
}

/** @param text of `pjsip list transports` */
export function transportNamesIn(text: string): string[] {
  return [...text.matchAll(/^Transport:\s+([^<\s]\S*)/gm)].map(([, name = '']) => name);
}

/** @param text of `rtp show settings`. @returns null if it is something else */
export function rtpSettingsIn(text: string): (RtpSettings & { readonly ports: PortRange }) | null {
  const value = (title: string) => new RegExp(`^\\s*${title}:\\s+(\\S+)`, 'm').exec(text)?.[1];
  const [first, last, strict, ice] = ['Port start', 'Port end', 'Strict RTP', 'ICE support'].map(value);
  if (first === undefined || last === undefined || strict === undefined) return null;
  return { strict, ice: ice ?? 'no', ports: { first: Number(first), last: Number(last) } };
}
