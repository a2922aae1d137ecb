/**
 * The ceremonies of WebAuthn. What the API wants asked goes to the browser as it is, and what the browser answers goes back as it is:
 * no field of either is known here.
 */
export type Options = Record<string, unknown>;

/** The browser as far as passkeys go, which not all have. */
interface Passkeys {
  parseRequestOptionsFromJSON(options: Options): PublicKeyCredentialRequestOptions;
  parseCreationOptionsFromJSON(options: Options): PublicKeyCredentialCreationOptions;
  isConditionalMediationAvailable?(): Promise<boolean>;
  isUserVerifyingPlatformAuthenticatorAvailable(): Promise<boolean>;
  signalUnknownCredential?(options: Options): Promise<void>;
  signalAllAcceptedCredentials?(options: Options): Promise<void>;
}
const browser = () => globalThis.PublicKeyCredential as unknown as Passkeys | undefined;

/** Whether this browser can use passkeys: all of 2025 can, in a secure context. */
export const hasPasskeys = () => Boolean(browser()?.parseRequestOptionsFromJSON);

/** Whether passkeys appear below a field with autocomplete="webauthn". */
export const offersInField = async () => Boolean(await browser()?.isConditionalMediationAvailable?.());

/** Whether this device itself can make one. */
export const deviceMakesPasskeys = async () => hasPasskeys() && await browser()!.isUserVerifyingPlatformAuthenticatorAvailable();

let running: AbortController | undefined;

/** Ends the ceremony that runs: a browser has but one at a time. */
export function stop() {
  running?.abort();
  running = undefined;
}

/** Returns what to post; it rejects where the person does not want to, or the browser cannot. */
async function answerOf(ceremony: (signal: AbortSignal) => Promise<Credential | null>): Promise<string> {
  stop();
  const mine = new AbortController();
  running = mine;
  const credential = await ceremony(mine.signal);
  if (!credential || mine.signal.aborted) throw new DOMException('', 'NotAllowedError');
  return JSON.stringify(credential);
}

/** In a field where `mediation` is conditional: then nothing is shown until the person chooses it there. */
export const usePasskey = (options: Options, mediation?: CredentialMediationRequirement) => answerOf((signal) =>
  navigator.credentials.get({ publicKey: browser()!.parseRequestOptionsFromJSON(options), signal, mediation }));

export const makePasskey = (options: Options) => answerOf((signal) =>
  navigator.credentials.create({ publicKey: browser()!.parseCreationOptionsFromJSON(options), signal }));

/** Tells the browser that there is no such passkey, or which there are, so that it stops offering others. Not all listen. */
export const signalUnknown = (options: Options) => browser()?.signalUnknownCredential?.(options).catch(() => undefined);
export const signalAccepted = (options: Options) => browser()?.signalAllAcceptedCredentials?.(options).catch(() => undefined);
