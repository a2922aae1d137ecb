// `npm run help`: what can be run, with a line each. api/files_test.go holds it to package.json.
const scripts = [
  ['npm start', 'Postgres, the API, the UI and a JupyterHub that signs in through them; -- --fresh forgets earlier users'],
  ['npm run gatehouse', 'the command line for the database of npm start; -- user list'],
  ['npm test', 'every test, and the linters; -- --quick before each commit, -- web a room, -- FILE a file'],
  ['npm run test:packages', 'releases and packages, in a Debian of their own; as root, in minutes'],
  ['npm run test:faults', 'what breaks, had and counted; -- --only NAME for one of them'],
  ['npm run release', 'programs, pages and packages, in dist/release'],
  ['npm run lint', 'the linters of Go, TypeScript, JavaScript, Svelte and CSS'],
  ['npm run check', 'the types of the UI'],
  ['npm run build', 'the UI, static files in ui/dist'],
  ['npm run bench', 'what an operation costs; -- --help lists what else it measures'],
  ['npm run help', 'this list'],
];

for (const [command, line] of scripts) console.log(`${command.padEnd(21)} ${line}`);
console.log('\nCONTRIBUTING.md says how a change is made, docs/architecture.md where to add what.');
