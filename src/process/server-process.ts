import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { parseInetSockets, socketOfServer } from '../base/proc-net.ts';

type Candidate = { readonly pid: number; readonly isNamed: boolean };

/**
 * Finds the process of this host that serves a URL: the one that has the socket. Only root and the user of the process can
 * look that up. Others find it by its name, if that user has only one process of this name.
 * @param options.name such as `asterisk`
 * @returns its id; null if it is not found
 */
export async function findServer({ url, name }: { url: string; name: string }): Promise<number | null> {
  const texts = await Promise.all(['tcp', 'tcp6'].map((file) => readFile(`/proc/net/${file}`, 'utf8').catch(() => '')));
  const socket = socketOfServer(texts.flatMap(parseInetSockets), url);
  if (!socket) return null;
  const candidates = await processesOf(socket.uid, name);
  const hidden: Candidate[] = [];
  for (const candidate of candidates) {
    const owns = await hasSocket(candidate.pid, socket.inode);
    if (owns) return candidate.pid;
    if (owns === null && candidate.isNamed) hidden.push(candidate);
  }
  return hidden.length === 1 ? (hidden[0]?.pid ?? null) : null;
}

/** The processes of a user, those with the name first, since others need not be looked into then. */
async function processesOf(uid: number, name: string): Promise<Candidate[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((each) => /^\d+$/.test(each)).map(Number);
  const found: Candidate[] = [];
  for (const pid of pids) {
    const owner = await stat(`/proc/${pid}`).catch(() => null);
    if (owner?.uid !== uid) continue;
    const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    found.push({ pid, isNamed: comm.trim() === name });
  }
  return found.sort((a, b) => Number(b.isNamed) - Number(a.isNamed));
}

/** @returns null if this user may not look into the process */
async function hasSocket(pid: number, inode: number): Promise<boolean | null> {
  const directory = `/proc/${pid}/fd`;
  const descriptors = await readdir(directory).catch(() => null);
  if (!descriptors) return null;
  for (const descriptor of descriptors) {
    const link = await readlink(`${directory}/${descriptor}`).catch(() => '');
    if (link === `socket:[${inode}]`) return true;
  }
  return false;
}
