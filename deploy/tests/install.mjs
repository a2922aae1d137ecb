// Installs the programs of others that the tests here and below run, where that is possible, and prints what is missing.
import { missing as missingProxy } from './relying-parties/oauth2-proxy.mjs';
import { missing, missingModule, missingRuby, webServers } from './web-servers.mjs';

for (const name of Object.keys(webServers)) console.log(missing(name));
console.log(missingModule());
console.log(missingRuby());
console.log(await missingProxy());
