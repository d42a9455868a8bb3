import type { Logger } from 'winston';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import type { Input } from '../../conference/model/inputs.ts';
import type { Member } from '../../conference/model/member.ts';
import { callerNumber, logFailure } from '../asterisk/channels.ts';
import { endpointOf } from './call-rtp.ts';

/** What is put into a function of the dialplan must not end its arguments. */
const EXTENSION = /^[\w*#+.-]{1,79}$/;

export type RefersDeps = {
  ari: Pick<AriPort, 'getVariable' | 'answerTransfer'>;
  conferences: {
    memberOf(channelId: string): Member | undefined;
    dispatchToMember(channelId: string, input: Input): void;
  };
  logger: Logger;
};

/**
 * Phones that ask by REFER to be sent elsewhere, where their endpoint leaves that to the application:
 * `PJSIP_TRANSFER_HANDLING()=ari-only`. A member goes to another extension of the endpoint's own context, as if the
 * phone had dialled it, and nowhere else: nobody is called.
 * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/PJSIP_TRANSFER_HANDLING/
 */
export class Refers {
  readonly #deps: RefersDeps;

  constructor(deps: RefersDeps) {
    this.#deps = deps;
  }

  /** @param extension null if the phone asks for something else, such as to replace another call */
  receive(channel: AriChannel, extension: string | null): void {
    logFailure(this.#deps.logger, `call ${channel.id}`, this.#receive(channel, extension));
  }

  async #receive(channel: AriChannel, extension: string | null): Promise<void> {
    const { ari, conferences, logger } = this.#deps;
    const to = extension !== null && EXTENSION.test(extension) ? await this.#find(channel, extension) : null;
    const place = conferences.memberOf(channel.id)?.place.at ?? 'leaving';
    const accepted = to !== null && place !== 'leaving' && place !== 'away';
    logger.info(`call from ${callerNumber(channel)}: transfer to ${extension} ${accepted ? 'accepted' : 'declined'}`);
    await ari.answerTransfer(channel.id, accepted);
    if (accepted) conferences.dispatchToMember(channel.id, { type: 'referred', channelId: channel.id, to });
  }

  /** Where the extension is, as Asterisk itself finds it. @returns null if there is none */
  async #find({ id, name }: AriChannel, extension: string): Promise<{ context: string; extension: string } | null> {
    const { ari } = this.#deps;
    const ofEndpoint = `PJSIP_ENDPOINT(${endpointOf(name) ?? ''},context)`;
    const context = (await ari.getVariable(id, 'TRANSFER_CONTEXT')) ?? (await ari.getVariable(id, ofEndpoint)) ?? '';
    const exists = (await ari.getVariable(id, `VALID_EXTEN(${context},${extension},1)`)) === '1';
    return exists ? { context, extension } : null;
  }
}
