/** A file or directory as it is on disk. */
export type FileRights = {
  readonly ownerUid: number;
  readonly groupGid: number;
  readonly mode: number;
  readonly isDirectory: boolean;
};

/** The user of a process, with all groups that count for it. */
export type ProcessUser = { readonly uid: number; readonly gids: readonly number[] };

/** The bits of a mode for others; see chmod(2). */
const READ = 0o4;
const ENTER = 0o1;
const OWNER_SHIFT = 6;
const GROUP_SHIFT = 3;

/**
 * Whether a user may read a file, or enter a directory, as far as owner, group and mode say (path_resolution(7)).
 * @param listsToo the user must be able to list the directory as well
 */
export function mayReadOrEnter(rights: FileRights, user: ProcessUser, listsToo = false): boolean {
  const { ownerUid, groupGid, mode, isDirectory } = rights;
  if (user.uid === 0) return true;
  const isOfGroup = user.gids.includes(groupGid);
  const shift = ownerUid === user.uid ? OWNER_SHIFT : isOfGroup ? GROUP_SHIFT : 0;
  const wanted = isDirectory ? ENTER | (listsToo ? READ : 0) : READ;
  return ((mode >> shift) & wanted) === wanted;
}

/** The user in `/proc/PID/status` (proc(5)); null where the text is not complete. */
export function parseProcessUser(status: string): ProcessUser | null {
  const numbersOf = (key: string) =>
    new RegExp(`^${key}:[ \\t]*(.*)$`, 'm')
      .exec(status)?.[1]
      ?.split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  // Real, effective, saved, and that of the file system.
  const [uid, gid, groups] = [numbersOf('Uid')?.[1], numbersOf('Gid')?.[1], numbersOf('Groups')];
  return uid === undefined || gid === undefined || groups === undefined ? null : { uid, gids: [gid, ...groups] };
}
