/** A directory as it is on disk. */
export type DirectoryRights = { readonly ownerUid: number; readonly mode: number };

/** Whether a user may write into a directory, as far as owner and mode say; a group may be that of the user. */
export function mayWrite({ ownerUid, mode }: DirectoryRights, uid: number): boolean {
  return uid === 0 || (mode & (ownerUid === uid ? 0o222 : 0o022)) !== 0;
}
