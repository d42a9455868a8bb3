import { type Finding, note, ok, problem, warning } from './finding.ts';

const CHECK = 'Asterisk';
const OLDEST_MAJOR = 20;
/** Reads and sets several variables of a channel in one request. */
const BEST = { major: 22, minor: 10 };

/** How ARI answers a request for Asterisk's version. */
export type AriAnswer =
  | { readonly state: 'answers'; readonly version: string }
  | { readonly state: 'unreachable'; readonly reason: string }
  | { readonly state: 'unauthorized' }
  /** Something answers at the address, but not as ARI does. */
  | { readonly state: 'refused'; readonly reason: string };

export function judgeAri(url: string, username: string, answer: AriAnswer): Finding {
  switch (answer.state) {
    case 'answers':
      return judgeVersion(answer.version);
    case 'unreachable':
      return problem(
        CHECK,
        `ARI does not answer at ${url}: ${answer.reason}`,
        'start Asterisk; "enabled", "bindaddr" and "bindport" in http.conf must agree with asterisk.url in rostrum.yaml',
      );
    case 'unauthorized':
      return problem(
        CHECK,
        `ARI at ${url} refuses the user "${username}"`,
        `set the same password in section [${username}] of ari.conf and in asterisk.passwordFile, then "module reload res_ari.so"`,
      );
    case 'refused':
      return problem(
        CHECK,
        `${url} answers, but not as ARI does: ${answer.reason}`,
        'set "enabled = yes" in ari.conf, and load res_ari.so, res_ari_model.so and res_ari_asterisk.so in modules.conf',
      );
  }
}

/** @param version such as `22.10.1` or `certified-20.7-cert3` */
export function judgeVersion(version: string): Finding {
  const [, majorText = '', minorText = ''] = /(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  const [major, minor] = [Number(majorText), Number(minorText)];
  if (majorText === '') return note(CHECK, `version ${version} answers; its name does not tell how old it is`);
  if (major < OLDEST_MAJOR) {
    return problem(CHECK, `version ${version} is too old`, `install Asterisk ${OLDEST_MAJOR} or later`);
  }
  if (major < BEST.major || (major === BEST.major && minor < BEST.minor)) {
    return warning(
      CHECK,
      `version ${version} reads the variables of a channel one by one, which makes each call dearer to set up`,
      `install Asterisk ${BEST.major}.${BEST.minor} or later`,
    );
  }
  return ok(CHECK, `version ${version} answers`);
}

/** Whether the application of the dialplan is served. */
export function judgeApplication(
  application: string,
  facts: { readonly registered: boolean; readonly controllerConnected: boolean },
): Finding {
  const { registered, controllerConnected } = facts;
  if (controllerConnected) {
    if (registered) return ok(CHECK, `application "${application}" is registered by the controller`);
    return problem(
      CHECK,
      `application "${application}" is not registered, although the controller says that it is connected`,
      'asterisk.url in rostrum.yaml names another Asterisk than that of the running controller; restart Rostrum',
    );
  }
  if (!registered) return note(CHECK, `application "${application}" is not registered: no controller is connected`);
  return warning(
    CHECK,
    `application "${application}" is known although the controller of this node is not connected`,
    'another controller serves it, or one that has ended left calls: find the other one, or start this one to adopt them',
  );
}
