import { type FileRights, mayReadOrEnter, type ProcessUser } from '../../base/file-rights.ts';
import { type Finding, ok, problem } from './finding.ts';

/** A file or directory, with its owners and mode. */
export type FileOnDisk = { readonly path: string; readonly rights: FileRights };

/** A file that Rostrum reads, or a directory above one. */
export type NeededFile = FileOnDisk & {
  /** Rostrum looks which files are in the directory. */
  readonly isListed: boolean;
};

/**
 * Whether the user of Rostrum can read what Rostrum needs: root, who examines it, can read everything.
 * @param user null where Rostrum does not run, so that the user is not known
 */
export function judgeFileRights(files: readonly NeededFile[], user: ProcessUser | null): Finding[] {
  const check = 'files';
  if (user === null) return [];
  const closed = files.filter(({ rights, isListed }) => !mayReadOrEnter(rights, user, isListed));
  if (closed.length === 0) return [ok(check, `user ${user.uid} can read all files that Rostrum needs`)];
  return closed.map(({ path, rights, isListed }) => {
    const { ownerUid, groupGid, mode, isDirectory } = rights;
    const verb = isDirectory ? (isListed ? 'list' : 'enter') : 'read';
    const owners = `owner ${ownerUid}, group ${groupGid}, mode ${(mode & 0o7777).toString(8)}`;
    const message = `user ${user.uid}, who runs Rostrum, cannot ${verb} ${path}: ${owners}`;
    return problem(check, message, `chgrp ${user.gids[0]} ${path}; chmod g+${isDirectory ? 'rx' : 'r'} ${path}`);
  });
}

/** A user with no rights of their own. */
const STRANGER: ProcessUser = { uid: -1, gids: [] };

/**
 * Whether every user of the host can read the passwords of ARI, with which they could control all calls.
 * @param files `ari.conf` and the directories above it; empty where it was not found
 */
export function judgeAriConf(files: readonly FileOnDisk[]): Finding[] {
  const check = 'secrets';
  const ariConf = files.find(({ rights }) => !rights.isDirectory);
  if (!ariConf) return [];
  const isOpen = files.every(({ rights }) => mayReadOrEnter(rights, STRANGER));
  if (!isOpen) return [ok(check, `${ariConf.path} (passwords of ARI): other users cannot read it`)];
  const message = `other users can read ${ariConf.path} (passwords of ARI), and so control all calls`;
  return [problem(check, message, `chmod o= ${ariConf.path}`)];
}
