import { callsWithin, type OpenFiles } from '../../base/open-files.ts';
import { type Finding, note, ok, problem, warning } from './finding.ts';

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

/** Where nobody says how many calls there will be. */
const USUAL_CALLS = 1000;
const BUFFER_BYTES = 4 << 20;

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
  const remedy = `set LimitNOFILE=${Math.max(2 * perCall * wanted, 200_000)} in the unit of ${name}: see asterisk-config/systemd`;
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
