import type { ClientOptions } from './common.ts';

export type InviteOptions = ClientOptions & {
  profile?: string;
  speaker?: true;
  admin?: true;
  flags?: string[];
  skipPin?: true;
  callerId?: string;
  timeout?: string;
  tries?: string;
  retry?: string;
  wait?: true;
  list?: true;
  cancel?: string;
};
