import { lstat, mkdir, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/** See chmod(2): S_IWOTH and S_ISVTX. */
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Makes room for a unix socket: makes its directory, for this user only, and removes the socket of a process that was
 * killed.
 * @returns false if a process answers at the path; rejects if the directory cannot be made, or is another user's
 */
export async function clearSocketPath(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await checkOwner(dirname(path));
  if (await answers(path)) return false;
  await unlink(path).catch(() => {});
  return true;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/**
 * A user who owns the directory of a socket, or may write to it, can put another socket in its place. Root is trusted,
 * and may use any directory. Directories such as /tmp are trusted too, since nobody removes there what is another's.
 * @throws Error if the directory is not there, or another user could do that
 */
export async function checkOwner(directory: string, user = process.getuid?.()): Promise<void> {
  const [link, { uid, mode }] = await Promise.all([lstat(directory), stat(directory)]);
  const isTrusted = (owner: number) => owner === 0 || owner === user || user === 0;
  const isOpen = (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0;
  if (!isTrusted(link.uid) || !isTrusted(uid) || isOpen)
    throw new Error(`${directory} belongs to another user, or others may write to it`);
}
