import type { ApiErrorCode } from '../../api/errors.ts';
import type { StatusView } from '../../api/schemas.ts';
import type { AriErrorCode } from '../../ari/errors.ts';
import type { ControllerErrorCode } from '../../controller/errors/controller-error.ts';
import type { EventChannelErrorCode } from '../../events/errors.ts';
import type { RelayErrorCode } from '../../relay/protocol/errors.ts';

/** The exit statuses of commands. */
export const EXIT = {
  ok: 0,
  /** Among others because the state of the conference does not allow it. */
  failed: 1,
  /** A wrong command line, or configuration that cannot be used. */
  usage: 2,
  /** No such conference, member or node. */
  notFound: 3,
  /** No controller answers, or it has only just started. */
  noController: 4,
  /** Asterisk does not answer or will not do. */
  asterisk: 5,
  /** Another controller is in charge. */
  taken: 6,
  /** Only of `status`: calls work, and somebody has to see to something. */
  warnings: 7,
} as const;

type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_ERROR_CODE: Record<string, ExitCode> = {
  'invalid-configuration': EXIT.usage,
  'bad-request': EXIT.usage,
  'no-such-conference': EXIT.notFound,
  'no-such-member': EXIT.notFound,
  'no-such-recording': EXIT.notFound,
  'no-controller': EXIT.noController,
  starting: EXIT.noController,
  'too-many-speakers': EXIT.failed,
  'not-possible': EXIT.failed,
  'bad-target': EXIT.usage,
  'no-such-invitation': EXIT.notFound,
  'no-such-report': EXIT.notFound,
  'asterisk-refused': EXIT.asterisk,
  'asterisk-unreachable': EXIT.asterisk,
  'no-such-node': EXIT.notFound,
  'node-unreachable': EXIT.failed,
  'no-room': EXIT.failed,
  unreachable: EXIT.asterisk,
  unauthorized: EXIT.asterisk,
  unsuitable: EXIT.asterisk,
  'application-taken': EXIT.taken,
  'socket-in-use': EXIT.taken,
  'socket-unusable': EXIT.usage,
  'address-unusable': EXIT.usage,
  'no-port': EXIT.usage,
  'not-handed-over': EXIT.failed,
  'port-taken': EXIT.usage,
  'cannot-listen': EXIT.usage,
  'invalid-name': EXIT.usage,
} satisfies Record<ControllerErrorCode | ApiErrorCode | RelayErrorCode | EventChannelErrorCode, ExitCode> &
  Partial<Record<AriErrorCode | string, ExitCode>>;

/** The exit status for an error, by its `code`. */
export function exitCodeOf(error: unknown): ExitCode {
  const { code } = (error ?? {}) as { code?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(BY_ERROR_CODE, code) ? BY_ERROR_CODE[code] : undefined;
  return known ?? EXIT.failed;
}

/** The exit status for what is wrong with a node. @param failuresOnly warnings do not count */
export function statusExit(problems: StatusView['problems'], failuresOnly: boolean): ExitCode {
  const failures = problems.filter(({ severity }) => severity === 'failure');
  if (failures.some(({ about }) => about === 'asterisk')) return EXIT.asterisk;
  if (failures.length > 0) return EXIT.failed;
  return problems.length > 0 && !failuresOnly ? EXIT.warnings : EXIT.ok;
}
