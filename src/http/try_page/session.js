// Who looks, and at whom: the token, which stays in memory, and the choice of the user.

import { Client, path } from './api.js';
import { byId, whileBusy } from './dom.js';
import { clearFaults, showProblem } from './faults.js';
import { Picker } from './picker.js';

const labelled = (id, name) => [id, name && name !== id ? `${name} (${id})` : id];

const tenantOption = ({ tenantId, name }) => labelled(tenantId, name);
const groupOption = ({ groupId, groupName }) => labelled(groupId, groupName);
const userOption = ({ userId, firstName, lastName }) =>
  labelled(userId, [firstName, lastName].filter(Boolean).join(' '));

/** Lets somebody sign in and choose; `chosen(client, { tenant, group, user })` is called for each choice. */
export function session(chosen) {
  const [signIn, chooser] = [byId('sign-in'), byId('chooser')];
  let client;

  const guarded = (form, work) => async (event) => {
    event?.preventDefault();
    clearFaults(form);
    try {
      await whileBusy(form, work);
    } catch (problem) {
      showProblem(form, problem);
    }
  };

  const tenant = new Picker(byId('choose-tenant'), {
    id: 'tenant', label: 'Tenant', pointer: '/tenant', changed: guarded(chooser, offerGroups),
  });
  const group = new Picker(byId('choose-group'), {
    id: 'group', label: 'Group', pointer: '/group', changed: guarded(chooser, offerUsers),
  });
  const user = new Picker(byId('choose-user'), { id: 'user', label: 'User', pointer: '/user' });

  /** Offers a list, or lets the user type where the token may not list. */
  async function offer(picker, address, member, option) {
    try {
      await picker.offer(client.pages(address, member), option);
    } catch (problem) {
      if (problem.status !== 403) throw problem;
      picker.type();
    }
  }

  async function offerTenants() {
    group.wait();
    user.wait();
    await offer(tenant, '/api/v1/tenants/', 'tenants', tenantOption);
    if (tenant.value) await offerGroups();
  }

  async function offerGroups() {
    group.wait();
    user.wait();
    if (!tenant.value) return;
    await offer(group, path`/api/v1/tenants/${tenant.value}/groups/`, 'groups', groupOption);
    if (group.value) await offerUsers();
  }

  async function offerUsers() {
    user.wait();
    if (!group.value) return;
    await offer(user, path`/api/v1/tenants/${tenant.value}/groups/${group.value}/users/`, 'users', userOption);
  }

  signIn.addEventListener('submit', guarded(signIn, async () => {
    client = new Client(byId('token').value.trim());
    chooser.hidden = true;
    await offerTenants();
    chooser.hidden = false;
    tenant.focus();
  }));

  chooser.addEventListener('submit', guarded(chooser, async () => {
    await chosen(client, { tenant: tenant.value, group: group.value, user: user.value });
  }));
}
