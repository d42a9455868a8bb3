import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import {
  type InetSocket,
  parseInetSockets,
  parseUnixSockets,
  socketOfServer,
  type UnixSocket,
} from '../../base/proc-net.ts';

export type Process = { readonly pid: number; readonly name: string; readonly uid: number };

/** The sockets of this host, and whose they are as far as this user may see that. */
export type HostSockets = {
  readonly tcp: readonly InetSocket[];
  readonly udp: readonly InetSocket[];
  readonly unix: readonly UnixSocket[];
  /** By inode. */
  readonly owners: ReadonlyMap<number, Process>;
};

export async function readSockets(): Promise<HostSockets> {
  const read = (name: string) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '');
  const [tcp, tcp6, udp, udp6, unix, owners] = await Promise.all([
    read('tcp'),
    read('tcp6'),
    read('udp'),
    read('udp6'),
    read('unix'),
    readOwners(),
  ]);
  return {
    tcp: [...parseInetSockets(tcp), ...parseInetSockets(tcp6)],
    udp: [...parseInetSockets(udp), ...parseInetSockets(udp6)],
    unix: parseUnixSockets(unix),
    owners,
  };
}

/** The process that serves a URL on this host; null if it is not known. */
export function serverOf({ tcp, owners }: HostSockets, url: string): Process | null {
  const socket = socketOfServer(tcp, url);
  return (socket && owners.get(socket.inode)) ?? null;
}

/** The process that listens at a unix socket; null if it is not known. */
export function listenerAt({ unix, owners }: HostSockets, path: string): Process | null {
  const socket = unix.find((each) => each.path === path);
  return (socket && owners.get(socket.inode)) ?? null;
}

/** The sockets of processes that this user may look into: root of all, others of their own. */
async function readOwners(): Promise<Map<number, Process>> {
  const owners = new Map<number, Process>();
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const directory = `/proc/${pid}/fd`;
    const descriptors = await readdir(directory).catch(() => []);
    if (descriptors.length === 0) continue;
    const process = await readProcess(Number(pid));
    if (process === null) continue;
    const links = await Promise.all(descriptors.map((fd) => readlink(`${directory}/${fd}`).catch(() => '')));
    for (const link of links) {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode !== undefined) owners.set(Number(inode), process);
    }
  }
  return owners;
}

/** @returns null if it has ended */
async function readProcess(pid: number): Promise<Process | null> {
  try {
    const [name, { uid }] = await Promise.all([readFile(`/proc/${pid}/comm`, 'utf8'), stat(`/proc/${pid}`)]);
    return { pid, name: name.trim(), uid };
  } catch {
    return null;
  }
}
