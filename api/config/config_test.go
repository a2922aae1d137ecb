package config

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// base is a configuration that suffices for serve; a test adds its lines, of which the last of a name counts.
func base(lines ...string) []string {
	return append([]string{"GATEHOUSE_ISSUER=https://api.example.org", "GATEHOUSE_UI_ORIGIN=https://login.example.org",
		"DATABASE_URL=postgres://gatehouse@db/gatehouse", "GATEHOUSE_ENCRYPTION_KEY=" + key}, lines...)
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsSuffice(t *testing.T) {
	c, err := Load(base())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Require(ForServe | ForUI | ForDatabase | ForKeys | ForTemplate); err != nil {
		t.Fatal(err)
	}
	if c.CodeTTL != time.Minute || c.SessionMax != 24*time.Hour || c.Listen != "127.0.0.1:4000" || c.HashWorkers < 1 || c.Name != "Gatehouse" {
		t.Errorf("defaults: %+v", c)
	}
	if c.DatabaseListenURL != c.DatabaseURL || c.MigrationURL() != c.DatabaseURL {
		t.Error("without DATABASE_LISTEN_URL, DATABASE_URL is used to listen and to migrate")
	}
}

func TestValuesAreRead(t *testing.T) {
	second := strings.Repeat("0f", 32)
	c, err := Load(base("GATEHOUSE_ENCRYPTION_KEY="+key+"\n "+second, "DATABASE_LISTEN_URL=poll",
		"GATEHOUSE_TRUSTED_PROXIES=10.1.2.3/8, 2001:db8::1,::ffff:192.0.2.0/120", "GATEHOUSE_FORWARDED_HEADER=cf-connecting-ip",
		"GATEHOUSE_LOGO=/logo.svg", "GATEHOUSE_ACCENT=#0b57d0",
		"GATEHOUSE_HASH_QUEUE=7", "GATEHOUSE_REFRESH_GRACE=0s", "GATEHOUSE_NAME=", "GATEHOUSE_RESPONSE_TYPES=code, token id_token,code",
		"GATEHOUSE_SESSION_MANAGEMENT=on",
		"GATEHOUSE_REGISTRATION=open", "GATEHOUSE_CLIENT_ID_METADATA_DOCUMENTS=on"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.EncryptionKeys) != 2 || string(c.EncryptionKeys[0][:]) != "0123456789abcdef0123456789abcdef" || c.EncryptionKeys[1][0] != 0x0f {
		t.Errorf("keys: %x", c.EncryptionKeys)
	}
	if got := fmt.Sprint(c.TrustedProxies); got != "[10.0.0.0/8 2001:db8::1/128 192.0.2.0/24]" {
		t.Errorf("proxies: %s", got)
	}
	if got := fmt.Sprintf("%q", c.ResponseTypes); got != `["code" "id_token token"]` {
		t.Errorf("response types: %s", got)
	}
	if c.DatabaseListenURL != Poll || c.MigrationURL() != c.DatabaseURL || c.HashQueue != 7 || c.Registration != "open" ||
		!c.ClientIDDocuments || c.RefreshGrace != 0 || c.ForwardedHeader != "Cf-Connecting-Ip" || c.Name != "Gatehouse" || !c.SessionManagement {
		t.Errorf("values: %+v", c)
	}
}

func TestLinksAndSupportAreAddressesToFollow(t *testing.T) {
	c, err := Load(base("GATEHOUSE_LINKS=Help=https://help.example.org/?a=b  Data protection=/privacy.html Mail=desk@example.org",
		"GATEHOUSE_SUPPORT=help@example.org", "GATEHOUSE_LOGO=/a.svg", "GATEHOUSE_LOGO_DARK=https://cdn.example.org/b.svg"))
	if err != nil {
		t.Fatal(err)
	}
	want := Look{Logo: "/a.svg", LogoDark: "https://cdn.example.org/b.svg", LogoHeight: 32, Support: "mailto:help@example.org",
		PasswordForm: "first",
		Links: []Link{{"Help", "https://help.example.org/?a=b"}, {"Data protection", "/privacy.html"},
			{"Mail", "mailto:desk@example.org"}}}
	if !reflect.DeepEqual(c.Look, want) {
		t.Errorf("got %+v, want %+v", c.Look, want)
	}
	if c, err = Load(base("GATEHOUSE_SUPPORT=https://desk.example.org/")); err != nil || c.Support != "https://desk.example.org/" {
		t.Errorf("%q %v", c.Support, err)
	}
}

func TestEncryptionKeyMayBeWrittenInThreeWays(t *testing.T) {
	raw := []byte{0xfb, 0xff, 0xfe, 29: 1, 31: 2}
	for _, text := range []string{base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		"FBFFFE" + strings.Repeat("00", 26) + "010002"} {
		if c, err := Load(base("GATEHOUSE_ENCRYPTION_KEY=" + text)); err != nil || c.EncryptionKeys[0] != [32]byte(raw) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBadValuesAreOneLineThatNamesTheVariable(t *testing.T) {
	cert := write(t, "a certificate")
	for _, test := range []struct{ line, want string }{
		{"GATEHOUSE_ISSUER=api.example.org", "GATEHOUSE_ISSUER must be an origin"},
		{"GATEHOUSE_ISSUER=https://api.example.org/", "GATEHOUSE_ISSUER must be an origin, without path"},
		{"GATEHOUSE_ISSUER=https://api.example.org/sso", "write https://api.example.org"},
		{"GATEHOUSE_ISSUER=https://API.example.org", "write https://api.example.org"},
		{"GATEHOUSE_ISSUER=https://api.example.org:443", "write https://api.example.org"},
		{"GATEHOUSE_ISSUER=https://user@api.example.org", "write https://api.example.org"},
		{"GATEHOUSE_ISSUER=https://api.example.org?x", "write https://api.example.org"},
		{"GATEHOUSE_ISSUER=https://*.example.org", "GATEHOUSE_ISSUER has a host name that is not one"},
		{"GATEHOUSE_ISSUER=http://api.example.org", "GATEHOUSE_ISSUER must begin with https://"},
		{"GATEHOUSE_ISSUER=http://localhost.example.org", "GATEHOUSE_ISSUER must begin with https://"},
		{"GATEHOUSE_ISSUER=http://localhost:4000", "GATEHOUSE_UI_ORIGIN is https while GATEHOUSE_ISSUER is http"},
		{"GATEHOUSE_UI_ORIGIN=http://localhost:4001", "GATEHOUSE_UI_ORIGIN is http while GATEHOUSE_ISSUER is https"},
		{"GATEHOUSE_UI_ORIGIN=ftp://login.example.org", "GATEHOUSE_UI_ORIGIN must be an origin"},
		{"DATABASE_URL=mysql://db/gatehouse", "DATABASE_URL must be a Postgres connection string"},
		{"DATABASE_URL=gatehouse", "DATABASE_URL must be a Postgres connection string"},
		{"DATABASE_LISTEN_URL=sometimes", "DATABASE_LISTEN_URL must be a Postgres connection string"},
		{"GATEHOUSE_ENCRYPTION_KEY=hunter2", "GATEHOUSE_ENCRYPTION_KEY has a key, number 1, that is not 32 bytes"},
		{"GATEHOUSE_ENCRYPTION_KEY=" + key + " short", "number 2"},
		{"GATEHOUSE_LISTEN=4000", "GATEHOUSE_LISTEN must be an address and a port"},
		{"GATEHOUSE_LISTEN=:70000", "GATEHOUSE_LISTEN must be an address and a port"},
		{"GATEHOUSE_UI_LISTEN=localhost", "GATEHOUSE_UI_LISTEN must be an address and a port"},
		{"GATEHOUSE_TLS_CERT_FILE=" + cert, "GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE belong together"},
		{"GATEHOUSE_TLS_KEY_FILE=" + cert, "GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE belong together"},
		{"GATEHOUSE_TLS_CERT_FILE=/nowhere.pem", "GATEHOUSE_TLS_CERT_FILE cannot be read"},
		{"GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8 proxy.example.org", `"proxy.example.org" is none`},
		{"GATEHOUSE_FORWARDED_HEADER=X-Forwarded-For:", "GATEHOUSE_FORWARDED_HEADER must be the name of a header"},
		{"GATEHOUSE_FORWARDED_HEADER=Forwarded", "is believed from GATEHOUSE_TRUSTED_PROXIES only: set that, too"},
		{"GATEHOUSE_RESPONSE_TYPES=code,none", `GATEHOUSE_RESPONSE_TYPES must be some of code, id_token, id_token token`},
		{"GATEHOUSE_RESPONSE_TYPES=code id_token token", "GATEHOUSE_RESPONSE_TYPES must have code"},
		{"GATEHOUSE_SESSION_MANAGEMENT=yes", `GATEHOUSE_SESSION_MANAGEMENT must be on or off, not "yes"`},
		{"GATEHOUSE_REGISTRATION=yes", "GATEHOUSE_REGISTRATION must be one of off, token, open"},
		{"GATEHOUSE_CLIENT_ID_METADATA_DOCUMENTS=yes", "GATEHOUSE_CLIENT_ID_METADATA_DOCUMENTS must be on or off"},
		{"GATEHOUSE_LOG_LEVEL=verbose", "GATEHOUSE_LOG_LEVEL must be debug, info, warn or error"},
		{"GATEHOUSE_NAME=two\nlines", "GATEHOUSE_NAME must be at most 100 characters"},
		{"GATEHOUSE_LOGO=http://example.org/logo.svg", "GATEHOUSE_LOGO must be a path"},
		{"GATEHOUSE_LOGO=//example.org/logo.svg", "GATEHOUSE_LOGO must be a path"},
		{"GATEHOUSE_LOGO_DARK=dark.svg", "GATEHOUSE_LOGO_DARK must be a path"},
		{"GATEHOUSE_LOGO_DARK=/dark.svg", "GATEHOUSE_LOGO_DARK is set without GATEHOUSE_LOGO"},
		{"GATEHOUSE_LOGO_HEIGHT=2rem", "GATEHOUSE_LOGO_HEIGHT must be a number from 16 to 96"},
		{"GATEHOUSE_ACCENT=blue", "GATEHOUSE_ACCENT must be a colour"},
		{"GATEHOUSE_LINKS=https://help.example.org", "GATEHOUSE_LINKS must be at most 8 links"},
		{"GATEHOUSE_LINKS==https://help.example.org", "GATEHOUSE_LINKS must have 1 to 40 characters before each ="},
		{"GATEHOUSE_LINKS=Help=javascript:alert(1)", `GATEHOUSE_LINKS must lead to https URLs, mail addresses or paths`},
		{"GATEHOUSE_LINKS=Help=http://help.example.org", `"http://help.example.org" is none`},
		{"GATEHOUSE_LINKS=Help=//help.example.org", `"//help.example.org" is none`},
		{"GATEHOUSE_PASSWORD_FORM=hidden", `GATEHOUSE_PASSWORD_FORM must be one of first, last, folded, not "hidden"`},
		{"GATEHOUSE_PASSKEY_RP_ID=https://login.example.org", "GATEHOUSE_PASSKEY_RP_ID must be the name of a host such as login.example.org"},
		{"GATEHOUSE_PASSKEY_RP_ID=Login.example.org", "GATEHOUSE_PASSKEY_RP_ID must be the name of a host"},
		{"GATEHOUSE_PASSKEY_RP_ID=192.0.2.1", "GATEHOUSE_PASSKEY_RP_ID must be the name of a host"},
		{"GATEHOUSE_PASSKEY_RP_ID=api.example.org", "GATEHOUSE_PASSKEY_RP_ID (api.example.org) must be the host of GATEHOUSE_UI_ORIGIN"},
		{"GATEHOUSE_PASSKEY_RP_ID=in.example.org", "GATEHOUSE_PASSKEY_RP_ID (in.example.org) must be the host of GATEHOUSE_UI_ORIGIN"},
		{"GATEHOUSE_PASSKEY_RP_ID=a.login.example.org", "must be the host of GATEHOUSE_UI_ORIGIN (login.example.org) or a parent of it"},
		{"GATEHOUSE_PASSKEY_RP_ID=org", "GATEHOUSE_PASSKEY_RP_ID (org) belongs to many"},
		{"GATEHOUSE_UI_FORMER_ORIGIN=login.example.com", "GATEHOUSE_UI_FORMER_ORIGIN must be an origin"},
		{"GATEHOUSE_SUPPORT=+49 30 1234", "GATEHOUSE_SUPPORT must be a mail address"},
		{"GATEHOUSE_SUPPORT=javascript:alert(1)", "GATEHOUSE_SUPPORT must be a mail address"},
		{"GATEHOUSE_CODE_TTL=60", "GATEHOUSE_CODE_TTL must be a duration such as 60s"},
		{"GATEHOUSE_CODE_TTL=11m", "GATEHOUSE_CODE_TTL must be from 1s to 10m0s"},
		{"GATEHOUSE_ACCESS_TOKEN_TTL=-1s", "GATEHOUSE_ACCESS_TOKEN_TTL must be from 1s"},
		{"GATEHOUSE_SESSION_IDLE=25h", "GATEHOUSE_SESSION_IDLE (25h0m0s) is longer than GATEHOUSE_SESSION_MAX (24h0m0s)"},
		{"GATEHOUSE_REFRESH_MAX=24h", "GATEHOUSE_REFRESH_IDLE (336h0m0s) is longer than GATEHOUSE_REFRESH_MAX (24h0m0s)"},
		{"GATEHOUSE_REFRESH_IDLE=30s", "GATEHOUSE_REFRESH_GRACE (1m0s) is longer than GATEHOUSE_REFRESH_IDLE (30s)"},
		{"GATEHOUSE_KEY_ROTATION=1h", "GATEHOUSE_KEY_PUBLISH_AHEAD (24h0m0s) is longer than GATEHOUSE_KEY_ROTATION (1h0m0s)"},
		{"GATEHOUSE_HASH_WORKERS=0", "GATEHOUSE_HASH_WORKERS must be a number from 1"},
		{"GATEHOUSE_HASH_QUEUE=many", "GATEHOUSE_HASH_QUEUE must be a number"},
		{"GATEHOUSE_ISUER=https://api.example.org", "GATEHOUSE_ISUER is not a variable of Gatehouse"},
		{"GATEHOUSE_ISSUER_FILE=/run/issuer", "GATEHOUSE_ISSUER_FILE is not supported, GATEHOUSE_ISSUER is no secret"},
		{"DATABASE_URL_FILE=/run/url", "DATABASE_URL and DATABASE_URL_FILE are both set: remove one"},
		{"GATEHOUSE_ENCRYPTION_KEY_FILE=/run/key", "GATEHOUSE_ENCRYPTION_KEY and GATEHOUSE_ENCRYPTION_KEY_FILE are both set"},
	} {
		c, err := Load(base(test.line))
		if c == nil || err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n got %v\nwant one line with %q", test.line, err, test.want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

// WebAuthn Level 3 §5.1.3: the host or a registrable parent; §5.11: of a host that says so.
func TestPasskeysAreForTheHostOfThePagesOrAParent(t *testing.T) {
	for _, test := range []struct {
		want  string
		lines []string
	}{
		{"login.example.org", nil},
		{"login.example.org", []string{"GATEHOUSE_PASSKEY_RP_ID=login.example.org"}},
		{"example.org", []string{"GATEHOUSE_PASSKEY_RP_ID=example.org"}},
		{"login.example.org", []string{"GATEHOUSE_UI_FORMER_ORIGIN=https://login.example.com"}},
		{"login.example.com", []string{"GATEHOUSE_PASSKEY_RP_ID=login.example.com", "GATEHOUSE_UI_FORMER_ORIGIN=https://login.example.com"}},
		{"example.com", []string{"GATEHOUSE_PASSKEY_RP_ID=example.com", "GATEHOUSE_UI_FORMER_ORIGIN=https://login.example.com"}},
		{"", []string{"GATEHOUSE_PASSKEY_RP_ID=co.uk", "GATEHOUSE_UI_FORMER_ORIGIN=https://login.co.uk"}},
		{"", []string{"GATEHOUSE_PASSKEY_RP_ID=github.io", "GATEHOUSE_UI_FORMER_ORIGIN=https://campus.github.io"}},
	} {
		c, err := Load(base(test.lines...))
		if (err == nil) != (test.want != "") || err == nil && c.RPID() != test.want {
			t.Errorf("%v: %q, %v", test.lines, c.RPID(), err)
		}
	}
}

func TestSchemesAndHostsMustFit(t *testing.T) {
	for _, test := range []struct{ issuer, ui, want string }{
		{"http://localhost:4000", "http://localhost:4001", ""},
		{"http://[::1]:4000", "http://[::1]:4001", ""},
		{"https://api.example.org", "https://login.example.net:8443", ""},
		{"https://sso.example.org", "https://sso.example.org", ""},
		{"http://localhost:4000", "http://127.0.0.1:4001", "must have the same host over http"},
	} {
		_, err := Load(base("GATEHOUSE_ISSUER="+test.issuer, "GATEHOUSE_UI_ORIGIN="+test.ui))
		if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s and %s: got %v, want %q", test.issuer, test.ui, err, test.want)
		}
	}
}

func TestTLSWithAnHTTPIssuerIsRefused(t *testing.T) {
	file := write(t, "pem")
	_, err := Load([]string{"GATEHOUSE_ISSUER=http://localhost:4000", "GATEHOUSE_TLS_CERT_FILE=" + file, "GATEHOUSE_TLS_KEY_FILE=" + file})
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_ISSUER is http although GATEHOUSE_TLS_CERT_FILE is set") {
		t.Error(err)
	}
}

func TestNamesThatKubernetesInjectsAreNoMistake(t *testing.T) {
	if _, err := Load(base("GATEHOUSE_SERVICE_HOST=10.0.0.1", "GATEHOUSE_SERVICE_PORT=80", "GATEHOUSE_PORT=tcp://10.0.0.1:80",
		"GATEHOUSE_PORT_80_TCP=tcp://10.0.0.1:80", "GATEHOUSE_PORT_80_TCP_ADDR=10.0.0.1", "GATEHOUSE_UI_SERVICE_PORT_HTTP=80")); err != nil {
		t.Error(err)
	}
}

func TestRequireNamesWhatIsMissing(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		need Need
		want []string
	}{
		{ForServe, []string{"GATEHOUSE_ISSUER", "GATEHOUSE_UI_ORIGIN", "DATABASE_URL", "GATEHOUSE_ENCRYPTION_KEY"}},
		{ForUI, []string{"GATEHOUSE_ISSUER"}},
		{ForDatabase, []string{"DATABASE_URL"}},
		{ForKeys, []string{"DATABASE_URL", "GATEHOUSE_ENCRYPTION_KEY"}},
	} {
		lines := strings.Split(c.Require(test.need).Error(), "\n")
		if len(lines) != len(test.want) {
			t.Fatalf("need %d: %q", test.need, lines)
		}
		for i, name := range test.want {
			if !strings.HasPrefix(lines[i], name+" is not set") || !strings.Contains(lines[i], ": set it to ") {
				t.Errorf("need %d: %q does not name %s and what to do", test.need, lines[i], name)
			}
		}
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	path := write(t, "postgres://gatehouse:s3cret@db/gatehouse\n")
	c, err := Load([]string{"DATABASE_URL_FILE=" + path})
	if err != nil || c.DatabaseURL != "postgres://gatehouse:s3cret@db/gatehouse" {
		t.Fatalf("%q, %v", c.DatabaseURL, err)
	}
	for _, test := range []struct{ path, want string }{
		{write(t, "\n"), "DATABASE_URL_FILE names an empty file"},
		{"/nowhere/url", "DATABASE_URL_FILE cannot be read"},
	} {
		if _, err := Load([]string{"DATABASE_URL_FILE=" + test.path}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.path, err)
		}
	}
}

func TestSettingsHideSecretsAndNameTheirSource(t *testing.T) {
	path := write(t, "postgres://gatehouse:s3cret@db/gatehouse")
	c, err := Load([]string{"DATABASE_URL_FILE=" + path, "GATEHOUSE_NAME=Campus", "GATEHOUSE_ENCRYPTION_KEY=" + key})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Value{}
	for _, s := range c.Values() {
		got[s.Name] = s
	}
	for _, want := range []Value{
		{"DATABASE_URL", "set (hidden)", "file " + path},
		{"GATEHOUSE_ENCRYPTION_KEY", "set (hidden)", "environment"},
		{"GATEHOUSE_NAME", "Campus", "environment"},
		{"GATEHOUSE_CODE_TTL", "60s", "default"},
		{"GATEHOUSE_ISSUER", "", "default"},
	} {
		if got[want.Name] != want {
			t.Errorf("got %v, want %v", got[want.Name], want)
		}
	}
	if len(got) != len(Variables()) {
		t.Errorf("%d settings for %d variables", len(got), len(Variables()))
	}
}

// TestThePageHasEveryVariable holds docs/configuration.md to the table.
func TestThePageHasEveryVariable(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Variables() {
		name := "`" + v.Name + "`"
		if v.Secret {
			name += " (F)"
		}
		if row := "| " + name + " | " + v.DefaultText() + " | " + v.Doc + " |"; !strings.Contains(string(page), "\n"+row+"\n") {
			t.Errorf("docs/configuration.md needs the row\n%s", row)
		}
	}
	if rows, want := strings.Count(string(page), "\n| `"), len(Variables()); rows != want {
		t.Errorf("docs/configuration.md has %d rows for %d variables", rows, want)
	}
}
