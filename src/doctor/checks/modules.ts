import { type Finding, note, ok, problem, warning } from './finding.ts';

type Needed = { readonly module: string; readonly purpose: string };

const needed = (purpose: string, ...modules: readonly string[]): Needed[] =>
  modules.map((module) => ({ module, purpose }));

/** Modules without which calls fail. A subset of those that asterisk-config/modules.conf requires. */
export const NEEDED_MODULES: readonly Needed[] = [
  ...needed(
    'ARI',
    'res_http_websocket.so',
    'res_ari.so',
    'res_ari_model.so',
    'res_ari_applications.so',
    'res_ari_asterisk.so',
    'res_ari_bridges.so',
    'res_ari_channels.so',
    'res_ari_endpoints.so',
    'res_ari_events.so',
    'res_ari_playbacks.so',
    'res_ari_recordings.so',
  ),
  ...needed('the application Stasis', 'res_stasis.so', 'app_stasis.so', 'pbx_config.so'),
  ...needed('answering calls', 'res_stasis_answer.so'),
  ...needed('prompts', 'res_stasis_playback.so', 'chan_bridge_media.so', 'format_wav.so', 'format_sln.so'),
  ...needed('prompts to members in a conference', 'res_stasis_snoop.so'),
  ...needed('recording', 'res_stasis_recording.so'),
  ...needed('SIP', 'res_pjsip.so', 'res_pjsip_session.so', 'res_pjsip_sdp_rtp.so', 'chan_pjsip.so'),
  ...needed('redirects to other nodes', 'res_pjsip_diversion.so'),
  ...needed('DTMF in SIP INFO', 'res_pjsip_dtmf_info.so'),
  ...needed('audio', 'res_rtp_asterisk.so', 'codec_ulaw.so', 'codec_alaw.so', 'codec_resample.so'),
  ...needed('audio between Asterisk and the relay', 'chan_rtp.so'),
  ...needed('mixing', 'bridge_softmix.so'),
  ...needed('bridges of listeners', 'bridge_holding.so'),
  ...needed('music on hold', 'res_musiconhold.so'),
  ...needed('talk detection', 'func_talkdetect.so'),
  ...needed('volume', 'func_volume.so'),
  ...needed('the jitter buffer of speakers', 'func_jitterbuffer.so'),
  ...needed('reading the addresses of a call', 'func_channel.so'),
  ...needed('calls that come without an offer of audio', 'res_pjsip_header_funcs.so'),
  ...needed('calls that offer fax beside audio', 'res_pjsip_t38.so'),
];

/** Modules that only some profiles make use of. */
export const USEFUL_MODULES: readonly Needed[] = [
  ...needed('gain control and noise reduction', 'func_speex.so'),
  ...needed('wideband audio (G.722)', 'codec_g722.so'),
  ...needed('the action "exec"', 'app_exec.so'),
  ...needed('the levels of speakers (audio.energy)', 'res_audiosocket.so', 'app_audiosocket.so'),
  ...needed('reading the settings of endpoints', 'func_pjsip_endpoint.so'),
];

/** @param running the modules that Asterisk says are running; null if it cannot be asked */
export function judgeModules(running: ReadonlySet<string> | null): Finding[] {
  const check = 'modules';
  if (running === null) return [note(check, 'the list of modules could not be read')];
  const isMissing = ({ module }: Needed) => !running.has(module);
  const remedy = ({ module }: Needed) => `"load = ${module}" in modules.conf, then "module load ${module}"`;
  const findings = [
    ...NEEDED_MODULES.filter(isMissing).map((missing) =>
      problem(check, `${missing.module} is not running: needed for ${missing.purpose}`, remedy(missing)),
    ),
    ...USEFUL_MODULES.filter(isMissing).map((missing) =>
      warning(check, `${missing.module} is not running: needed for ${missing.purpose}`, remedy(missing)),
    ),
  ];
  return findings.length > 0 ? findings : [ok(check, `all ${NEEDED_MODULES.length} that are needed are running`)];
}
