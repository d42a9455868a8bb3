import { afterAll, afterEach, beforeAll } from 'vitest';
import { PhoneBank, type PhoneBankOptions } from '../kit/phone/phone-bank.ts';
import { RostrumNode, type RostrumNodeOptions } from '../kit/rostrum-node.ts';

/** Of the node's log, where a test has failed. */
const LINES_SHOWN = 60;

/** A node and phones that call it, for the tests of one file. */
export type Harness = { readonly node: RostrumNode; readonly phones: PhoneBank };

/** Sets one up before the first test of the file and takes it down after the last; hangs up all calls after each test. */
export function harness(options: RostrumNodeOptions = {}): Harness {
  let node: RostrumNode | undefined;
  let phones: PhoneBank | undefined;

  beforeAll(async () => {
    node = await RostrumNode.start(options);
    phones = new PhoneBank({ server: node.server });
    await phones.start();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(lastLines((await node?.log().catch(() => '')) ?? ''));
    await phones?.hangUpAll();
    for (const { name } of (await node?.list().catch(() => [])) ?? []) await node?.waitForMembers(name, 0);
  });

  afterAll(async () => {
    await phones?.stop();
    await node?.stop();
  });

  return {
    get node() {
      return node as RostrumNode;
    },
    get phones() {
      return phones as PhoneBank;
    },
  };
}

/** More phones, for the tests of one file. */
export function bank(options: () => PhoneBankOptions): { readonly phones: PhoneBank } {
  let phones: PhoneBank | undefined;
  beforeAll(async () => {
    phones = new PhoneBank(options());
    await phones.start();
  });
  afterEach(() => phones?.hangUpAll());
  afterAll(() => phones?.stop());
  return {
    get phones() {
      return phones as PhoneBank;
    },
  };
}

function lastLines(text: string): string {
  return text.split('\n').slice(-LINES_SHOWN).join('\n');
}
