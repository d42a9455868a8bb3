import { callsWithin, type OpenFiles } from '../../base/open-files.ts';
import { type Finding, note, ok, problem, warning } from './finding.ts';

/** As `engines` of package.json. */
const OLDEST_NODE_JS = { major: 20, minor: 19 };
/** Where nobody says how many calls there will be. */
const USUAL_CALLS = 1000;
const BUFFER_BYTES = 4 << 20;

/** @param version such as `v20.19.0` */
export function judgeNodeJs(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const { major: oldestMajor, minor: oldestMinor } = OLDEST_NODE_JS;
  const isNewEnough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (isNewEnough) return ok('Node.js', `version ${version}`);
  const remedy = `install Node.js ${oldestMajor}.${oldestMinor} or later`;
  return problem('Node.js', `version ${version} is too old`, remedy);
}

/** @param failure why `koffi` cannot call libc; null if it can */
export function judgeFfi(failure: string | null): Finding {
  if (failure === null) return ok('koffi', 'loaded: the relay calls the kernel directly');
  return warning(
    'koffi',
    `koffi cannot be used, so that the relay sends through dgram, which takes three times the CPU: ${failure}`,
    'run "npm ci" without --omit=optional on this machine; koffi has binaries for glibc and musl on x64 and arm64',
  );
}

/** @param sendsTogether whether the kernel lets processes use io_uring; null if that is not known */
export function judgeIoUring(sendsTogether: boolean | null): Finding[] {
  const check = 'io_uring';
  if (sendsTogether === null) return [];
  if (sendsTogether) return [ok(check, 'allowed: the relay sends to many listeners with one call of the kernel')];
  const message =
    'not available, so that the relay calls the kernel for each packet: with many listeners it takes up to 1.6 times the CPU';
  const remedy =
    'use Linux 6.1 or later, with "sysctl kernel.io_uring_disabled=0"; a container needs a seccomp profile that allows io_uring_setup and io_uring_enter';
  return [note(check, message, remedy)];
}

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

/** A process whose file descriptors grow with the number of calls. */
export type Descriptors = {
  /** Such as `Asterisk`. */
  readonly name: string;
  readonly perCall: number;
  /** Null if it does not run, or cannot be seen. */
  readonly limit: OpenFiles | null;
  /** Calls that the node must take (`cluster.capacity`); null without such a number. */
  readonly capacity: number | null;
};

export function judgeDescriptors({ name, perCall, limit, capacity }: Descriptors): Finding {
  const check = 'limits';
  if (limit === null) {
    const message = `open files of ${name} could not be read, or ${name} is not running`;
    return note(check, message, 'start it, and run "rostrum doctor" as root');
  }
  if (limit.soft === Number.POSITIVE_INFINITY) return ok(check, `${name} may open any number of files`);
  const calls = callsWithin(limit.soft, perCall);
  const message = `${name} may open ${limit.soft} files: enough for ${calls} calls`;
  const wanted = capacity ?? USUAL_CALLS;
  if (calls >= wanted) return ok(check, message);
  const remedy = `set LimitNOFILE=${Math.max(2 * perCall * wanted, 200_000)} in the unit of ${name}: see asterisk-config/host/systemd`;
  if (capacity === null) return warning(check, message, remedy);
  return problem(check, `${message}, but cluster.capacity is ${capacity}`, remedy);
}

/** @param key such as `net.core.rmem_max`. @param bytes null if it could not be read */
export function judgeSocketBuffer(key: string, bytes: number | null): Finding {
  const check = 'limits';
  if (bytes === null) return note(check, `${key} could not be read`);
  if (bytes >= BUFFER_BYTES) return ok(check, `${key} is ${bytes}`);
  return warning(
    check,
    `${key} is ${bytes}: packets are lost when many come at once`,
    `echo "${key} = ${BUFFER_BYTES}" >> /etc/sysctl.d/rostrum.conf; sysctl --system`,
  );
}
