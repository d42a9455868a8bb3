import { type Finding, note, ok, problem, warning } from './finding.ts';

/** @param resolves whether the system knows an address for the host's own name */
export function judgeHostName(name: string, resolves: boolean): Finding {
  if (resolves) return ok('host name', `${name} resolves`);
  return problem(
    'host name',
    `${name} does not resolve: Asterisk loses 0.4 s at each call, waiting for DNS`,
    `echo "127.0.1.1 ${name}" >> /etc/hosts`,
  );
}

/** @param synchronised null if nothing on this host tells */
export function judgeClock(synchronised: boolean | null, isInCluster: boolean): Finding {
  const check = 'clock';
  if (synchronised === null) return note(check, 'whether it is synchronised could not be read');
  if (synchronised) return ok(check, 'synchronised');
  const message = 'not synchronised';
  const remedy = 'install chrony, or run: timedatectl set-ntp true';
  if (!isInCluster) return note(check, `${message}, which matters in reports only`, remedy);
  return warning(check, `${message}: the nodes of a cluster disagree on when something happened`, remedy);
}
