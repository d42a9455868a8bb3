import { chmod, chown, lstat, mkdir, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/** See chmod(2): S_IWOTH, S_IXOTH, S_IXGRP, S_IWGRP and S_ISVTX. */
const OTHERS_WRITE = 0o002;
const OTHERS_ENTER = 0o001;
const GROUP_ENTERS = 0o010;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * Makes room for a unix socket: makes its directory, for this user only, and removes the socket of a process that was
 * killed.
 * @returns false if a process answers at the path; rejects if the directory cannot be made, or is another user's
 */
export async function clearSocketPath(path: string): Promise<boolean> {
  await makeOwnDirectory(dirname(path));
  if (await answers(path)) return false;
  await unlink(path).catch(() => {});
  return true;
}

/** Makes a directory for this user only; rejects if that cannot be done, or it is another user's. */
export async function makeOwnDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await checkOwner(path);
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
 * Gives a new socket to its user, and also to the group of its directory if that group, and nobody else, may enter the
 * directory, but not replace the socket there. A process that is not in the group gives the socket to its user only.
 */
export async function giveToGroup(path: string): Promise<void> {
  const { mode, gid } = await stat(dirname(path));
  const isForGroup = (mode & (GROUP_ENTERS | GROUP_WRITES | OTHERS_ENTER)) === GROUP_ENTERS;
  const isGiven = isForGroup && (await hasSucceeded(chown(path, -1, gid)));
  await chmod(path, isGiven ? 0o660 : 0o600);
}

function hasSucceeded(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/**
 * For those who connect: a directory that `checkOwner` refuses is trusted too if only root can have made it, as in /run.
 * @throws Error if another user could have put a socket there
 */
export async function checkServer(directory: string): Promise<void> {
  if (await isGivenByRoot(directory)) return;
  await checkOwner(directory);
}

async function isGivenByRoot(directory: string): Promise<boolean> {
  const [itself, parent] = await Promise.all([lstat(directory), lstat(dirname(directory))]);
  return (
    itself.isDirectory() &&
    isClosed(itself.mode) &&
    parent.uid === 0 &&
    (parent.mode & (GROUP_WRITES | OTHERS_WRITE)) === 0
  );
}

/**
 * A user who owns the directory of a socket, or may write to it, can put another socket in its place. Root is trusted,
 * and may use any directory. Directories such as /tmp are trusted too, since nobody removes there what is another's.
 * @throws Error if the directory is not there, or another user could do that
 */
export async function checkOwner(directory: string, user = process.getuid?.()): Promise<void> {
  const [link, { uid, mode }] = await Promise.all([lstat(directory), stat(directory)]);
  const isTrusted = (owner: number) => owner === 0 || owner === user || user === 0;
  if (!isTrusted(link.uid) || !isTrusted(uid) || !isClosed(mode))
    throw new Error(`${directory} belongs to another user, or others may write to it`);
}

/** Whether nobody but the owner can remove there what is another's. */
function isClosed(mode: number): boolean {
  return (mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0;
}
