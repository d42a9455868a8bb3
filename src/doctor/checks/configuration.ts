import { type Finding, note, ok, problem } from './finding.ts';

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
