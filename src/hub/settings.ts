// How the hub is reached: the environment variables that Python's huggingface_hub reads.
import { HubError } from '../base/errors.ts';

export interface HubSettings {
  /** HF_ENDPOINT: a mirror, or a company's own hub. No slash at its end. */
  readonly endpoint: string;
  /** HF_TOKEN: for private and gated models. */
  readonly token: string | undefined;
  /** HF_HUB_OFFLINE: nothing is asked of the hub. */
  readonly offline: boolean;
}

const isTrue = (text: string | undefined) => ['1', 'on', 'yes', 'true'].includes((text ?? '').toLowerCase());

/** Throws HubError for an endpoint that is no web address. */
export function hubSettings(env: Readonly<Record<string, string | undefined>> = process.env): HubSettings {
  const endpoint = (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : ''))
    throw new HubError(`HF_ENDPOINT must be an http or https address, got ${JSON.stringify(endpoint)}`);
  return { endpoint, token: env.HF_TOKEN || undefined, offline: isTrue(env.HF_HUB_OFFLINE) };
}
