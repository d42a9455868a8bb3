import { type Finding, ok, problem, warning } from './finding.ts';

/** As `engines` of package.json. */
const OLDEST = { major: 20, minor: 19 };

/** @param version such as `v20.19.0` */
export function judgeNodeJs(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isNewEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  if (isNewEnough) return ok('Node.js', `version ${version}`);
  const needed = `${OLDEST.major}.${OLDEST.minor}`;
  return problem('Node.js', `version ${version} is too old`, `install Node.js ${needed} or later`);
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
