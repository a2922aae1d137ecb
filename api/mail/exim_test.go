package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// Logins are offered after STARTTLS only, and mail is taken from who is logged in. Exim decodes what clients send for PLAIN and XOAUTH2 by
// itself: $auth1 to $auth3 are what stands between NULs.
const eximWithLogins = `
spool_directory = %[1]s/spool
log_file_path = %[1]s/spool/%%slog
pid_file_path = %[1]s/spool/pid
primary_hostname = mail.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]d
tls_advertise_hosts = *
tls_certificate = %[1]s/certificate
tls_privatekey = %[1]s/key
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
host_lookup =
never_users =
deliver_drop_privilege
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny message = log in first
       !authenticated = *
  deny message = encrypt first
       !encrypted = *
  accept
begin routers
everybody:
  driver = accept
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = %[1]s/spool/mail
  maildir_format
  create_directory
begin authenticators
%[3]s`

// The authenticators, of a user gatehouse whose password has a backslash, quotes and a letter that is no ASCII.
const (
	eximPlain = `
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{gatehouse@example.org}}{eq{$auth3}{p\\w "d'ü}}}}
  server_set_id = $auth2
`
	eximLogin = `
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{gatehouse@example.org}}{eq{$auth2}{p\\w "d'ü}}}}
  server_set_id = $auth1
`
	eximXOAuth2 = `
xoauth2:
  driver = plaintext
  public_name = XOAUTH2
  server_prompts = :
  server_condition = ${if match{$auth1}{\N^user=gatehouse@example\.org\x01auth=Bearer a\.token-2\x01\x01$\N}}
  server_set_id = gatehouse@example.org
`
)

// startExim runs Debian's Exim and returns its port, its log, and whom its certificate is of.
func startExim(t *testing.T, authenticators string) (port int, log func() string, roots *x509.CertPool) {
	t.Helper()
	program := "/usr/sbin/exim4"
	account, err := user.Lookup("Debian-exim")
	if _, missing := os.Stat(program); missing != nil || err != nil || os.Getuid() != 0 {
		t.Skip("Exim is started as root only, and where it is installed: apt-get install exim4-daemon-light")
	}
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := os.MkdirTemp("", "gatehouse-exim-")
	try(err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	try(err)
	port = listener.Addr().(*net.TCPAddr).Port
	try(listener.Close())
	certificate, key := certify(t)
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	try(os.Chmod(folder, 0o755))
	try(os.Mkdir(filepath.Join(folder, "spool"), 0o750))
	try(os.Chown(filepath.Join(folder, "spool"), uid, gid))
	for name, content := range map[string]string{"certificate": certificate, "key": key,
		"configuration": fmt.Sprintf(eximWithLogins, folder, port, authenticators)} {
		try(os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
	}
	server := exec.Command(program, "-C", filepath.Join(folder, "configuration"), "-bdf")
	try(server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("Exim does not listen")
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(certificate))
	return port, func() string {
		text, _ := os.ReadFile(filepath.Join(folder, "spool", "mainlog"))
		return string(text)
	}, roots
}

// certify returns a certificate for 127.0.0.1 that is signed by itself, and its key, in PEM.
func certify(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes}))
}

func TestEximTakesMailAfterSTARTTLSAndALogin(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	for name, test := range map[string]struct {
		authenticators, method string
		settings               oidc.MailSettings
	}{
		"PLAIN": {eximPlain + eximLogin, "A=plain", oidc.MailSettings{Password: `p\w "d'ü`}},
		"LOGIN": {eximLogin, "A=login", oidc.MailSettings{Password: `p\w "d'ü`}},
		// A server that offers passwords, too, gets the token.
		"XOAUTH2": {eximPlain + eximXOAuth2, "A=xoauth2", oidc.MailSettings{TokenFile: token}},
	} {
		t.Run(name, func(t *testing.T) {
			port, log, roots := startExim(t, test.authenticators)
			settings := test.settings
			settings.Host, settings.Port, settings.TLS = "127.0.0.1", port, oidc.MailSTARTTLS
			settings.Username, settings.From = "gatehouse@example.org", "no-reply@example.org"
			send := func(settings oidc.MailSettings) error {
				s := NewServer(settings)
				s.roots = roots
				defer s.CloseIdle(true)
				message := Message{ID: name, To: "ada@example.org", Subject: name, Text: "Hello", Date: time.Now()}
				return s.Send(t.Context(), message, func() error { return nil })
			}
			if settings.TokenFile != "" { // a token that has ended, until somebody renews it
				write(t, filepath.Dir(token), filepath.Base(token), "a.token-1\n")
				var f Failure
				if err := send(settings); !errors.As(err, &f) || f.Step != AtLogin {
					t.Errorf("with a former token: %v", err)
				}
				write(t, filepath.Dir(token), filepath.Base(token), "a.token-2\n")
			}
			if err := send(settings); err != nil {
				t.Fatalf("%v\n%s", err, log())
			}
			for end := time.Now().Add(10 * time.Second); !strings.Contains(log(), test.method); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("no %s in\n%s", test.method, log())
				}
			}
			if !strings.Contains(log(), "X=TLS1.") {
				t.Errorf("not encrypted:\n%s", log())
			}
			wrong := settings
			if wrong.Password != "" {
				wrong.Password += "x"
				var f Failure
				if err := send(wrong); !errors.As(err, &f) || f.Step != AtLogin || replyCode(f.Err) != 535 {
					t.Errorf("with a wrong password: %v", err)
				}
			}
			plain := settings
			plain.TLS, plain.Username = oidc.MailPlain, ""
			var f Failure
			if err := send(plain); !errors.As(err, &f) || f.Step != AtRecipient || !strings.Contains(err.Error(), "log in first") {
				t.Errorf("without TLS and a login: %v", err)
			}
		})
	}
}
