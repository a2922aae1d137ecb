import type { Component } from 'svelte';
import type { Answer, PageName } from './lib/contract.ts';
import type { Screen } from './lib/load.ts';
import Account from './pages/Account.svelte';
import Consent from './pages/Consent.svelte';
import Device from './pages/Device.svelte';
import DeviceDone from './pages/DeviceDone.svelte';
import Error from './pages/Error.svelte';
import Login from './pages/Login.svelte';
import Logout from './pages/Logout.svelte';
import SignedOut from './pages/SignedOut.svelte';
import Start from './pages/Start.svelte';

export interface PageProps<P extends PageName = PageName> extends Omit<Screen, 'answer'> {
  answer: Answer<P>;
  /** Asks the API again. */
  again: () => Promise<void>;
}

/** The page for each `page` value of the API's answer. */
export const routes: { [P in PageName]: Component<PageProps<P>> } = {
  login: Login,
  consent: Consent,
  device: Device,
  device_done: DeviceDone,
  account: Account,
  logout: Logout,
  signed_out: SignedOut,
  error: Error,
  start: Start,
};
