package config

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// Need is a set of commands that require a variable.
type Need int

// The commands.
const (
	ForServe    Need = 1 << iota // gatehouse serve
	ForUI                        // gatehouse ui
	ForDatabase                  // commands that read or write the tables: migrate, user, group, client
	ForKeys                      // gatehouse key
	ForTemplate                  // gatehouse client add --template
)

// Variable is one line of the table: it drives Load, `gatehouse config` and docs/configuration.md.
type Variable struct {
	Name    string
	Default string // "" if there is none
	Doc     string // one sentence or two, also the table cell of the page
	Example string // what to write, for the error message when it is missing
	Secret  bool   // hidden in output, and may be given as NAME_FILE

	need  Need
	parse func(c *Config, value string) error
}

// DefaultText returns the default as the page and the help show it.
func (v Variable) DefaultText() string {
	switch {
	case v.Name == "GATEHOUSE_HASH_WORKERS":
		return "number of CPUs less one, at least 1"
	case v.Name == "DATABASE_LISTEN_URL":
		return "`DATABASE_URL`"
	case v.Default != "":
		return "`" + v.Default + "`"
	case v.need != 0:
		return "required"
	}
	return "none"
}

// Variables returns the table.
func Variables() []Variable { return variables }

var variables = []Variable{
	{Name: "GATEHOUSE_ISSUER", need: ForServe | ForUI | ForTemplate, Example: "https://api.example.org",
		Doc:   "Public origin of the API: scheme, host and port, no path. `http` on localhost only.",
		parse: origin(func(c *Config) *string { return &c.Issuer })},
	{Name: "GATEHOUSE_UI_ORIGIN", need: ForServe, Example: "https://login.example.org",
		Doc:   "Public origin of the pages, by the same rule. Its site may be another than the issuer's.",
		parse: origin(func(c *Config) *string { return &c.UIOrigin })},
	{Name: "DATABASE_URL", Secret: true, need: ForServe | ForDatabase | ForKeys,
		Example: "postgres://user:password@host:5432/gatehouse",
		Doc:     "Postgres, as a URL or as `key=value` words. May be a transaction pooler.",
		parse:   database(func(c *Config) *string { return &c.DatabaseURL })},
	{Name: "DATABASE_LISTEN_URL", Secret: true, Example: "postgres://user:password@host:5432/gatehouse",
		Doc:   "Direct connection for LISTEN and `migrate` behind a pooler, or `poll`.",
		parse: databaseOrPoll},
	{Name: "GATEHOUSE_ENCRYPTION_KEY", Secret: true, need: ForServe | ForKeys,
		Example: "the output of `openssl rand -base64 32`",
		Doc:     "32 bytes in base64 or hex, several separated by white space: the first encrypts.",
		parse:   encryptionKeys},
	{Name: "GATEHOUSE_LISTEN", Default: "127.0.0.1:4000",
		Doc:   "Address and port of the API.",
		parse: address(func(c *Config) *string { return &c.Listen })},
	{Name: "GATEHOUSE_UI_LISTEN", Default: "127.0.0.1:4001",
		Doc:   "Address and port of `gatehouse ui`.",
		parse: address(func(c *Config) *string { return &c.UIListen })},
	{Name: "GATEHOUSE_UI_ROOT", Default: "ui/dist",
		Doc:   "Folder of the built pages, for `gatehouse ui`.",
		parse: text(func(c *Config) *string { return &c.UIRoot })},
	{Name: "GATEHOUSE_TLS_CERT_FILE",
		Doc:   "Certificate chain (PEM): `serve` and `ui` then speak TLS. A new file needs no restart.",
		parse: file(func(c *Config) *string { return &c.TLSCertFile })},
	{Name: "GATEHOUSE_TLS_KEY_FILE",
		Doc:   "Private key (PEM) of the certificate.",
		parse: file(func(c *Config) *string { return &c.TLSKeyFile })},
	{Name: "GATEHOUSE_TRUSTED_PROXIES",
		Doc:   "Addresses or networks (CIDR), separated by commas, of proxies that are believed where a request comes from.",
		parse: proxies},
	{Name: "GATEHOUSE_FORWARDED_HEADER",
		Doc: "The one header in which the trusted proxies say that, such as `CF-Connecting-IP`. " +
			"Without: `X-Forwarded-For`, and `Forwarded` where that is not there.",
		parse: headerName},
	{Name: "GATEHOUSE_PRIVATE_HOSTS",
		Doc: "Hosts, separated by commas, that Gatehouse may send requests to although they are private or speak `http`: " +
			"upstreams, back-channel logout, clients' keys and requests.",
		parse: privateHosts},
	{Name: "GATEHOUSE_RESPONSE_TYPES", Default: "code",
		Doc: "Response types that clients may be registered for, separated by commas; all but `code` hand tokens to the " +
			"browser, for old clients: `code,id_token token`.",
		parse: responseTypes},
	{Name: "GATEHOUSE_SESSION_MANAGEMENT", Default: "off",
		Doc: "`on` lets pages of clients ask in a frame whether the person is still signed in; only where browsers allow " +
			"third-party cookies.",
		parse: onOrOff(func(c *Config) *bool { return &c.SessionManagement })},
	{Name: "GATEHOUSE_REGISTRATION", Default: "off",
		Doc: "Whether clients may register themselves: `off`, `token` (with an initial access token) or `open` (whoever asks).",
		parse: oneOf(func(c *Config) *string { return &c.Registration },
			oidc.RegistrationOff, oidc.RegistrationToken, oidc.RegistrationOpen)},
	{Name: "GATEHOUSE_CLIENT_ID_METADATA_DOCUMENTS", Default: "off",
		Doc:   "`on`: a `client_id` may be the https address of a document with the client's metadata.",
		parse: onOrOff(func(c *Config) *bool { return &c.ClientIDDocuments })},
	{Name: "GATEHOUSE_ADMIN_GROUP",
		Doc:   "Group whose members administer by the API at `/admin/v1` and its pages, which are off without it.",
		parse: text(func(c *Config) *string { return &c.AdminGroup })},
	{Name: "GATEHOUSE_READER_GROUP",
		Doc:   "Group whose members may look there, and change nothing.",
		parse: text(func(c *Config) *string { return &c.ReaderGroup })},
	{Name: "GATEHOUSE_HELP_DESK_GROUP",
		Doc:   "Group whose members may see to links, sessions and factors there, of people who are in none of these groups.",
		parse: text(func(c *Config) *string { return &c.HelpDeskGroup })},
	{Name: "GATEHOUSE_ADMIN_ACR", Default: "mfa",
		Doc:   "What the sign-in of people there has to reach at least, of `acr_values`; `1` for any.",
		parse: text(func(c *Config) *string { return &c.AdminACR })},
	{Name: "GATEHOUSE_ADMIN_LISTEN",
		Doc:   "Address and port of an own listener for `/admin/v1`, which `GATEHOUSE_LISTEN` then does not serve.",
		parse: address(func(c *Config) *string { return &c.AdminListen })},
	{Name: "GATEHOUSE_METRICS_LISTEN",
		Doc:   "Address and port of a listener for [metrics](metrics.md), which asks for no password: such as `127.0.0.1:9464`. Without: none.",
		parse: address(func(c *Config) *string { return &c.MetricsListen })},
	{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Example: "http://127.0.0.1:4318",
		Doc:   "Where [traces](traces.md) are sent, by OTLP over HTTP. Without: none are made.",
		parse: collector("/v1/traces")},
	{Name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Example: "http://127.0.0.1:4318/v1/traces",
		Doc:   "The same, with its path.",
		parse: collector("")},
	{Name: "OTEL_EXPORTER_OTLP_PROTOCOL", Default: "http/protobuf",
		Doc:   "How they are sent; there is no other.",
		parse: oneOf(func(*Config) *string { return new(string) }, "http/protobuf")},
	{Name: "GATEHOUSE_SMTP_URL",
		Doc: "The server that mail leaves by: `smtp://user@host:587` (STARTTLS has to be offered), `smtps://user@host:465`, or " +
			"`smtp://localhost:25`; [mail](mail.md) has all. Without: no mail.",
		parse: smtpURL},
	{Name: "GATEHOUSE_SMTP_PASSWORD", Secret: true,
		Doc:   "Password of the user in that URL.",
		parse: text(func(c *Config) *string { return &c.Mail.Password })},
	{Name: "GATEHOUSE_SMTP_TOKEN_FILE",
		Doc:   "File with an access token of that user (XOAUTH2), in place of a password. It is read for each connection.",
		parse: file(func(c *Config) *string { return &c.Mail.TokenFile })},
	{Name: "GATEHOUSE_SMTP_TOKEN_URL",
		Doc:   "Where such tokens are had, in place of that file: a token endpoint, with the next four. A new one is had before one ends.",
		parse: tokenURL},
	{Name: "GATEHOUSE_SMTP_CLIENT_ID",
		Doc:   "What mail is there.",
		parse: text(func(c *Config) *string { return &c.Mail.ClientID })},
	{Name: "GATEHOUSE_SMTP_CLIENT_SECRET", Secret: true,
		Doc:   "Its secret.",
		parse: text(func(c *Config) *string { return &c.Mail.ClientSecret })},
	{Name: "GATEHOUSE_SMTP_REFRESH_TOKEN", Secret: true,
		Doc:   "Of the user of the URL of the server. Without: tokens are had with client credentials.",
		parse: text(func(c *Config) *string { return &c.Mail.RefreshToken })},
	{Name: "GATEHOUSE_SMTP_SCOPE",
		Doc:   "What a token is asked for, such as `https://outlook.office365.com/.default`.",
		parse: text(func(c *Config) *string { return &c.Mail.TokenScope })},
	{Name: "GATEHOUSE_MAIL_FROM",
		Doc:   "Who mail is from: `no-reply@example.org` or `Example University <no-reply@example.org>`.",
		parse: mailFrom},
	{Name: "GATEHOUSE_MAIL_TEMPLATES",
		Doc:   "Folder with templates that replace those of Gatehouse: `en/reset.txt` and so on.",
		parse: text(func(c *Config) *string { return &c.Mail.Templates })},
	{Name: "GATEHOUSE_LOG_LEVEL", Default: "info",
		Doc:   "`debug`, `info`, `warn` or `error`.",
		parse: logLevel},
	{Name: "GATEHOUSE_NAME", Default: "Gatehouse",
		Doc:   "What the pages call this place.",
		parse: displayName},
	{Name: "GATEHOUSE_LOGO",
		Doc:   "Logo of the pages: a path below the UI's root, such as `/logo.svg`, or an https URL.",
		parse: logo(func(c *Config) *string { return &c.Logo })},
	{Name: "GATEHOUSE_LOGO_DARK",
		Doc:   "The same for dark screens, where `GATEHOUSE_LOGO` stands on a white ground otherwise.",
		parse: logo(func(c *Config) *string { return &c.LogoDark })},
	{Name: "GATEHOUSE_LOGO_HEIGHT", Default: "32",
		Doc:   "Height of the logo in pixels, from 16 to 96.",
		parse: number(func(c *Config) *int { return &c.LogoHeight }, 16, 96)},
	{Name: "GATEHOUSE_ACCENT",
		Doc:   "Accent colour of the pages, as `#rrggbb`. Any will do: what is written on it or in it is kept legible.",
		parse: accent},
	{Name: "GATEHOUSE_LINKS",
		Doc:   "Links below each page: `Help=https://… Imprint=https://… Data protection=/privacy.html`.",
		parse: links},
	{Name: "GATEHOUSE_SUPPORT",
		Doc:   "Who helps people that cannot sign in: a mail address or an https URL.",
		parse: support},
	{Name: "GATEHOUSE_PASSWORD_FORM", Default: "first",
		Doc:   "Where the sign-in page has the password: `first`, `last` (below the upstreams) or `folded` (there, behind a button).",
		parse: oneOf(func(c *Config) *string { return &c.PasswordForm }, "first", "last", "folded")},
	{Name: "GATEHOUSE_PASSWORD_MIN", Default: "8",
		Doc:   "Characters that a new password has at least, from 8 to 64.",
		parse: number(func(c *Config) *int { return &c.PasswordMin }, 8, 64)},
	{Name: "GATEHOUSE_PASSKEY_RP_ID",
		Doc: "What passkeys are good for: the host of the pages, or a parent of it, such as `example.org`, that they may move below. " +
			"Without: the host. Fixed once there is a passkey.",
		parse: host(func(c *Config) *string { return &c.PasskeyRPID })},
	{Name: "GATEHOUSE_UI_FORMER_ORIGIN",
		Doc: "Where the pages were before, by the rule of `GATEHOUSE_UI_ORIGIN`: `GATEHOUSE_PASSKEY_RP_ID` may stay its host, so that " +
			"passkeys made there go on.",
		parse: origin(func(c *Config) *string { return &c.UIFormerOrigin })},
	{Name: "GATEHOUSE_CODE_TTL", Default: "60s",
		Doc:   "Life of an authorization code, at most 10m (RFC 6749 §4.1.2).",
		parse: duration(func(c *Config) *time.Duration { return &c.CodeTTL }, time.Second, 10*time.Minute)},
	{Name: "GATEHOUSE_ACCESS_TOKEN_TTL", Default: "15m",
		Doc:   "Life of an access token.",
		parse: duration(func(c *Config) *time.Duration { return &c.AccessTokenTTL }, time.Second, year)},
	{Name: "GATEHOUSE_ID_TOKEN_TTL", Default: "15m",
		Doc:   "Life of an ID token.",
		parse: duration(func(c *Config) *time.Duration { return &c.IDTokenTTL }, time.Second, year)},
	{Name: "GATEHOUSE_REQUEST_TTL", Default: "30m",
		Doc:   "How long a person may take to sign in.",
		parse: duration(func(c *Config) *time.Duration { return &c.RequestTTL }, time.Second, year)},
	{Name: "GATEHOUSE_SESSION_IDLE", Default: "8h",
		Doc:   "A session ends after so long without use.",
		parse: duration(func(c *Config) *time.Duration { return &c.SessionIdle }, time.Second, year)},
	{Name: "GATEHOUSE_SESSION_MAX", Default: "24h",
		Doc:   "A session ends after so long in any case.",
		parse: duration(func(c *Config) *time.Duration { return &c.SessionMax }, time.Second, year)},
	{Name: "GATEHOUSE_SIGN_INS_KEPT", Default: "2160h",
		Doc:   "How long it is kept who signed in and who failed to, from where; deleted a month at a time.",
		parse: duration(func(c *Config) *time.Duration { return &c.SignInsKept }, 24*time.Hour, 10*year)},
	{Name: "GATEHOUSE_AUDIT_KEPT", Default: "9600h",
		Doc:   "How long it is kept who changed what; deleted a month at a time.",
		parse: duration(func(c *Config) *time.Duration { return &c.AuditKept }, 24*time.Hour, 10*year)},
	{Name: "GATEHOUSE_REFRESH_IDLE", Default: "336h",
		Doc:   "A refresh token expires after so long without use.",
		parse: duration(func(c *Config) *time.Duration { return &c.RefreshIdle }, time.Second, 10*year)},
	{Name: "GATEHOUSE_REFRESH_MAX", Default: "2160h",
		Doc:   "A grant can be refreshed for so long in any case.",
		parse: duration(func(c *Config) *time.Duration { return &c.RefreshMax }, time.Second, 10*year)},
	{Name: "GATEHOUSE_REFRESH_GRACE", Default: "60s",
		Doc:   "How long a used refresh token may come again, as after a lost answer, before that counts as theft.",
		parse: duration(func(c *Config) *time.Duration { return &c.RefreshGrace }, 0, 10*time.Minute)},
	{Name: "GATEHOUSE_KEY_ROTATION", Default: "2160h",
		Doc:   "Age at which a signing key is replaced.",
		parse: duration(func(c *Config) *time.Duration { return &c.KeyRotation }, time.Second, 10*year)},
	{Name: "GATEHOUSE_KEY_PUBLISH_AHEAD", Default: "24h",
		Doc:   "How long a new signing key is published before it signs.",
		parse: duration(func(c *Config) *time.Duration { return &c.KeyPublishAhead }, 0, year)},
	{Name: "GATEHOUSE_HASH_WORKERS", Default: strconv.Itoa(max(1, runtime.GOMAXPROCS(0)-1)),
		Doc:   "Passwords that are hashed at the same time; each takes a core and 19 MiB.",
		parse: number(func(c *Config) *int { return &c.HashWorkers }, 1, 1024)},
	{Name: "GATEHOUSE_HASH_QUEUE", Default: "64",
		Doc:   "Sign-ins that may wait for a hash; beyond it the answer is 503 with Retry-After.",
		parse: number(func(c *Config) *int { return &c.HashQueue }, 0, 100_000)},
}

const year = 365 * 24 * time.Hour

// load finds the value of v, from the environment, NAME_FILE or the default, and stores it in c.
func (v Variable) load(c *Config, env map[string]string, from string) (Value, error) {
	value, source, err := v.read(env, from)
	if err == nil && value != "" {
		if parseErr := v.parse(c, value); parseErr != nil {
			err = fmt.Errorf("%s %w", v.Name, parseErr)
		}
	}
	if v.Secret && value != "" && value != Poll {
		value = "set (hidden)"
	}
	return Value{v.Name, value, source}, err
}

func (v Variable) read(env map[string]string, from string) (value, source string, err error) {
	value, direct := env[v.Name]
	path, inFile := env[v.Name+"_FILE"]
	switch inFile = inFile && v.Secret; {
	case direct && inFile:
		return "", "", fmt.Errorf("%s and %s_FILE are both set: remove one", v.Name, v.Name)
	case direct:
		return strings.TrimSpace(value), from, nil
	case inFile:
		source = "file " + path
		content, err := os.ReadFile(path)
		if err != nil {
			return "", source, fmt.Errorf("%s_FILE cannot be read: %w", v.Name, err)
		}
		if value = strings.TrimSpace(string(content)); value == "" {
			return "", source, fmt.Errorf("%s_FILE names an empty file: %s", v.Name, path)
		}
		return value, source, nil
	}
	return v.Default, "default", nil
}

// injected matches the names that Kubernetes and Docker links add for a service called gatehouse or gatehouse-….
var injected = regexp.MustCompile(
	`^GATEHOUSE_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
