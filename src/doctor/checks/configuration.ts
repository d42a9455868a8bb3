import { type DirectoryRights, mayWrite } from '../../base/directory-rights.ts';
import { type Finding, note, ok, problem, warning } from './finding.ts';

/** @param mistakes each with its file and line */
export function judgeMistakes(check: string, mistakes: readonly string[]): Finding[] {
  return mistakes.map((mistake) =>
    problem(check, mistake, 'correct it; docs/installation.md and docs/profiles.md list the keys'),
  );
}

/** @param path the file that was read. @param exists false where the defaults are used */
export function judgeFile(path: string, exists: boolean): Finding {
  if (exists) return ok('rostrum.yaml', `${path} is valid`);
  return note(
    'rostrum.yaml',
    'there is no rostrum.yaml, so all keys have their defaults',
    'name it with --config FILE',
  );
}

/** A file that holds a secret, as it is on disk. */
export type SecretFile = {
  /** Such as `ARI password`. */
  readonly purpose: string;
  readonly path: string;
  readonly found:
    | { readonly state: 'there'; readonly ownerUid: number; readonly mode: number }
    | { readonly state: 'unreadable'; readonly code: string };
};

/** The user that Rostrum runs as; null where it does not run, so that this cannot be known. */
export type RostrumUser = { readonly uid: number } | null;

export function judgeSecret({ purpose, path, found }: SecretFile, user: RostrumUser): Finding {
  const check = 'secrets';
  if (found.state === 'unreadable') {
    if (found.code === 'EACCES') {
      const message = `${path} (${purpose}) cannot be read by the user who runs this command`;
      return warning(check, message, 'run "rostrum doctor" as root or as the user of Rostrum');
    }
    const message = `${path} (${purpose}) cannot be read: ${found.code}`;
    return problem(check, message, 'make the file, or correct its name in rostrum.yaml');
  }
  const mode = `mode ${(found.mode & 0o777).toString(8).padStart(3, '0')}`;
  if ((found.mode & 0o077) !== 0) {
    return problem(check, `other users can read ${path} (${purpose}): ${mode}`, `chmod 600 ${path}`);
  }
  if (user !== null && found.ownerUid !== user.uid) {
    const message = `${path} (${purpose}) belongs to user ${found.ownerUid}, but Rostrum runs as user ${user.uid}`;
    const remedy = `chown ${user.uid} ${path}`;
    // Root can read it all the same, but so can its owner, who can also change it.
    return user.uid === 0 ? warning(check, message, remedy) : problem(check, message, remedy);
  }
  return ok(check, `${path} (${purpose}): owner ${found.ownerUid}, ${mode}`);
}

/**
 * @param path where Asterisk has its recordings
 * @param found null where there is no directory
 * @param asterisk null where it does not run on this host, or may not be seen: then nothing is known
 */
export function judgeRecordings(
  path: string,
  found: DirectoryRights | null,
  asterisk: { readonly uid: number } | null,
): Finding {
  const check = 'recordings';
  if (asterisk === null) return note(check, `whether Asterisk can write into ${path} is not known`);
  if (found === null) {
    return warning(check, `${path} is not there, so that recordings fail`, `install -d -o ${asterisk.uid} ${path}`);
  }
  if (mayWrite(found, asterisk.uid)) return ok(check, `Asterisk can write into ${path}`);
  return warning(
    check,
    `${path} belongs to user ${found.ownerUid}, but Asterisk runs as user ${asterisk.uid}, so that recordings fail`,
    `chown ${asterisk.uid} ${path}`,
  );
}
