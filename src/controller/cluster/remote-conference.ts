import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { RemotePart } from '../../cluster/replica.ts';
import { type Conference, newConference } from '../../conference/model/conference.ts';
import { standardSettings } from '../../profiles/settings.ts';
import type { LocalConferences } from './local-conferences.ts';

/** The part of a conference on another node, as if it were one of ours. */
export type RemoteConference = { readonly node: string; readonly conference: Conference };

/** @param name all conferences if left out */
export function remoteConferences(
  state: ClusterState,
  name: string | undefined,
  local: LocalConferences,
): RemoteConference[] {
  const names = name === undefined ? state.remoteConferences : [name];
  return [...names].flatMap((each) =>
    state.partsOf(each).map(({ node, part }) => ({ node, conference: asOwn(part, state, local) })),
  );
}

function asOwn({ record, members }: RemotePart, state: ClusterState, local: LocalConferences): Conference {
  const { name, status, profileName, startedAtMs, playback, recording, musicOn } = record;
  const settings = local.settingsFor(profileName) ?? local.all.get(name)?.settings ?? standardSettings();
  const common = {
    ...newConference(name, { ...settings, profileName }, startedAtMs),
    ...state.shared(name),
    members,
    playback,
    recording,
    musicOn,
  };
  switch (status) {
    case 'running':
      return { ...common, status };
    case 'ending':
      return { ...common, status, result: 'ENDED', endsAtMs: Number.POSITIVE_INFINITY };
    case 'empty':
      return { ...common, status, endsAtMs: Number.POSITIVE_INFINITY };
  }
}
