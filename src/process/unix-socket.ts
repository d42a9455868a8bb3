import { mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/**
 * Makes room for a unix socket: makes its directory, for this user only, and removes the socket of a process that was
 * killed.
 * @returns false if a process answers at the path; rejects if the directory cannot be made
 */
export async function clearSocketPath(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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
