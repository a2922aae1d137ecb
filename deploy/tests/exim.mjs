// Debian's Exim as an ordinary process on loopback, with its own configuration and spool: it puts mail into a folder.
import { chownSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPrograms } from './web-servers.mjs';

/** The reason to leave it out, or ''. It runs as root, and goes on as the account that its package makes. */
export function missingExim() {
  if (process.getuid() !== 0) return 'Exim is started as root only';
  return missingPrograms({ exim4: 'exim4-daemon-light' });
}

const configuration = (folder, port) => `
spool_directory = ${folder}/spool
log_file_path = ${folder}/spool/%slog
pid_file_path = ${folder}/spool/pid
primary_hostname = mail.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
tls_advertise_hosts =
host_lookup =
never_users =
deliver_drop_privilege
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  deny message = no such person here
       local_parts = nobody
  defer message = greylisted, come again
        local_parts = grey
        !condition = \${if exists{${folder}/spool/seen}}
        set acl_m0 = \${run{/usr/bin/touch ${folder}/spool/seen}}
  accept domains = example.org
  deny message = relay not permitted
data:
  warn condition = \${if exists{${folder}/slow}}
       delay = 1s
  accept
begin routers
everybody:
  driver = accept
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = ${folder}/spool/mail
  maildir_format
  create_directory
begin retry
* * F,1h,1m
`;

/** An Exim at a port. `mails()` are those that it delivered: to whom, their Message-ID, and their text. */
export async function startExim(port) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-exim-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'configuration'), configuration(folder, port), { mode: 0o644 });
  mkdirSync(join(folder, 'spool'));
  const id = (flag) => Number(execFileSync('id', [flag, 'Debian-exim'], { encoding: 'utf8' }));
  chownSync(join(folder, 'spool'), id('-u'), id('-g'));
  let child, ended;
  const server = {
    async start() {
      child = spawn('/usr/sbin/exim4', ['-C', join(folder, 'configuration'), '-bdf', '-q10s'], { stdio: 'ignore' });
      ended = new Promise((done) => { child.on('exit', done); });
      for (const end = Date.now() + 20_000; !await listens(port);) {
        if (Date.now() > end) throw new Error('Exim does not listen');
        await new Promise((again) => { setTimeout(again, 100); });
      }
    },
    async stop() {
      child.kill();
      await ended;
    },
    /** Has it wait for a second before it takes a mail. */
    slow(is) {
      if (is) writeFileSync(join(folder, 'slow'), '');
      else rmSync(join(folder, 'slow'), { force: true });
    },
    mails() {
      const place = join(folder, 'spool/mail/new');
      if (!existsSync(place)) return [];
      return readdirSync(place).map((name) => readMail(readFileSync(join(place, name), 'utf8')));
    },
    async remove() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
  await server.start();
  return server;
}

const listens = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

function readMail(raw) {
  const [head, ...rest] = raw.split(/\r?\n\r?\n/);
  const header = (name) => new RegExp(`^${name}: (.*)$`, 'mi').exec(head)?.[1];
  const text = rest.join('\n\n').replace(/=\r?\n/g, '')
    .replace(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'));
  return { to: header('To')?.replace(/[<>]/g, ''), id: header('Message-ID'), subject: header('Subject'), text };
}
