import type { Component } from 'svelte';
import Appearance from './pages/Appearance.svelte';
import Application from './pages/Application.svelte';
import ApplicationAdd from './pages/ApplicationAdd.svelte';
import Applications from './pages/Applications.svelte';
import Changes from './pages/Changes.svelte';
import Doors from './pages/Doors.svelte';
import Group from './pages/Group.svelte';
import GroupAdd from './pages/GroupAdd.svelte';
import Groups from './pages/Groups.svelte';
import Health from './pages/Health.svelte';
import InvitationAdd from './pages/InvitationAdd.svelte';
import Invitations from './pages/Invitations.svelte';
import MineGroup from './pages/MineGroup.svelte';
import MineGroups from './pages/MineGroups.svelte';
import NotFound from './pages/NotFound.svelte';
import Operations from './pages/Operations.svelte';
import People from './pages/People.svelte';
import Person from './pages/Person.svelte';
import PersonAdd from './pages/PersonAdd.svelte';
import Services from './pages/Services.svelte';
import SignIns from './pages/SignIns.svelte';
import SignUps from './pages/SignUps.svelte';
import Thing from './pages/Thing.svelte';
import ThingAdd from './pages/ThingAdd.svelte';
import type { Messages } from './messages/index.ts';

/** A section: what of the API it begins with, its list, the page for one of it by its name, and the form that adds one, at ?new. */
interface Section { words: keyof Messages['pages']; reads: string; list: Component; one?: Component<{ name: string }>; add?: Component }

/** By the first part of the path below /admin/, in the order that they are listed in. */
export const sections: Record<string, Section> = {
  mine: { words: 'mine', reads: '/groups', list: MineGroups, one: MineGroup },
  people: { words: 'people', reads: '/users', list: People, one: Person, add: PersonAdd },
  groups: { words: 'groups', reads: '/groups', list: Groups, one: Group, add: GroupAdd },
  invitations: { words: 'invitations', reads: '/invitations', list: Invitations, add: InvitationAdd },
  applications: { words: 'applications', reads: '/clients', list: Applications, one: Application, add: ApplicationAdd },
  doors: { words: 'doors', reads: '/upstreams', list: Doors, one: Thing, add: ThingAdd },
  services: { words: 'services', reads: '/resources', list: Services, one: Thing, add: ThingAdd },
  'sign-ups': { words: 'signUps', reads: '/sign-up-requests', list: SignUps },
  'sign-ins': { words: 'signIns', reads: '/sign-ins', list: SignIns },
  changes: { words: 'changes', reads: '/audit', list: Changes },
  health: { words: 'health', reads: '/health', list: Health },
  appearance: { words: 'appearance', reads: '/health', list: Appearance },
  operations: { words: 'operations', reads: '/health', list: Operations },
};

/** The page of an address, and the name that it is about. */
export function pageOf([section = 'people', name, ...rest]: string[], query: URLSearchParams) {
  const found = Object.hasOwn(sections, section) && !rest.length ? sections[section] : undefined;
  const page = name !== undefined ? found?.one : query.has('new') ? found?.add : found?.list;
  return { Page: (page ?? NotFound) as Component<{ name: string }>, name: name ?? '' };
}
