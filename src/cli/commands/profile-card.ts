import { type KeyInWords, keysInWords } from '../../conference/model/keys-in-words.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { controlsOf } from '../../profiles/settings.ts';
import { terminalWidth } from '../terminal/print.ts';
import { type KeyPage, keyCardHtml, keyCardText } from '../text/key-card.ts';
import { directoryOf, notValid, type ProfileOptions, readValid } from './profile.ts';

export type CardOptions = ProfileOptions & { html?: true; title?: string };

/** `rostrum profile card`: what the keys do, to be given to callers. @throws as `notValid` */
export async function card(name: string, options: CardOptions): Promise<void> {
  const read = await readValid(await directoryOf(options));
  const pages = pagesOf(name, read.profiles);
  if (!pages) throw notValid(name, read);
  const { html, title = 'Your telephone keys' } = options;
  process.stdout.write(html ? keyCardHtml(title, pages) : `${keyCardText(pages, terminalWidth())}\n`);
}

/** A page for callers and one for moderators, whose keys are first there; of a controls profile a page by itself. */
function pagesOf(name: string, { controls, settings }: Profiles): KeyPage[] | null {
  const alone = controls.get(name);
  if (alone) return [pageOf('For callers', [['Your keys', keysInWords(controlsOf(alone))]])];
  const conference = settings.get(name);
  if (!conference) return null;
  const ofAll = keysInWords(conference.controls);
  const isOfAll = ({ sequence, words }: KeyInWords) =>
    ofAll.some((key) => key.sequence === sequence && key.words === words);
  const ofAdmins = keysInWords(conference.adminControls);
  // Last those that mean something else for everybody: they take the place of an inherited key.
  const replaces = ({ sequence }: KeyInWords) => Number(ofAll.some((key) => key.sequence === sequence));
  const own = ofAdmins.filter((key) => !isOfAll(key)).sort((a, b) => replaces(a) - replaces(b));
  const callers = pageOf('For callers', [['Your keys', ofAll]]);
  if (own.length === 0) return [callers];
  return [
    callers,
    pageOf('For moderators', [
      ['Keys of moderators', own],
      ['Keys of everybody', ofAdmins.filter(isOfAll)],
    ]),
  ];
}

function pageOf(heading: string, sections: readonly (readonly [heading: string, keys: KeyInWords[]])[]): KeyPage {
  const shown = sections.filter(([, keys]) => keys.length > 0);
  return { heading, sections: shown.map(([title, keys]) => ({ heading: title, keys })) };
}
