package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder writes files and returns the folder that they are in.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSettingsAreThoseOfTheInstallationWhereTheEnvironmentHasNone(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"gatehouse.env": "# settings\n; more\n\nGATEHOUSE_ISSUER=https://api.example.org\n GATEHOUSE_NAME=\"Campus \\\"Süd\\\" \\\\o/\"\n" +
			"GATEHOUSE_UI_ORIGIN='https://login.example.org'\nGATEHOUSE_LOGO=\n",
		"database_url": "postgres://u:p@db/gatehouse\n", "encryption_key": strings.Repeat("0f", 32)})
	c, err := LoadInstalled([]string{"PATH=/bin", "GATEHOUSE_SERVICE_HOST=10.0.0.1"}, dir)
	if err != nil || c.Require(ForServe) != nil {
		t.Fatal(err, c.Require(ForServe))
	}
	if c.Issuer != "https://api.example.org" || c.Name != `Campus "Süd" \o/` || c.UIOrigin != "https://login.example.org" ||
		c.DatabaseURL != "postgres://u:p@db/gatehouse" || len(c.EncryptionKeys) != 1 {
		t.Errorf("%+v", c)
	}
	for _, want := range []Value{{"GATEHOUSE_ISSUER", "https://api.example.org", "file " + dir + "/gatehouse.env"},
		{"DATABASE_URL", "set (hidden)", "file " + dir + "/database_url"}, {"GATEHOUSE_LISTEN", "127.0.0.1:4000", "default"}} {
		if !slices.Contains(c.Values(), want) {
			t.Errorf("%+v is not among %+v", want, c.Values())
		}
	}
	for _, has := range []string{"DATABASE_URL=postgres://other@db/x", "GATEHOUSE_ISSUER=https://other.example.org", "GATEHOUSE_TYPO=1"} {
		if c, _ := LoadInstalled([]string{has}, dir); c.Name == `Campus "Süd" \o/` || c.Issuer == "https://api.example.org" {
			t.Errorf("with %s the files count, too: %+v", has, c)
		}
	}
	if c, err := LoadInstalled(nil, filepath.Join(dir, "gone")); err != nil || c.Issuer != "" {
		t.Errorf("without such a folder: %+v, %v", c, err)
	}
	if c, err := LoadInstalled(nil, ""); err != nil || c.Issuer != "" {
		t.Errorf("without a folder: %+v, %v", c, err)
	}
}

func TestMistakesInTheFileOfTheInstallationAreNamed(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"gatehouse.env": "GATEHOUSE_TYPO=1\nexport GATEHOUSE_NAME=x\nGATEHOUSE_LISTEN=x\\\nnonsense\n"})
	_, err := LoadInstalled(nil, dir)
	for _, want := range []string{"GATEHOUSE_TYPO is not a variable", "line 2 is not NAME=VALUE", "line 3 is not", "line 4 is not"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q: %v", want, err)
		}
	}
}

func TestWhatOnlyRootCanReadIsSaid(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"gatehouse.env": "GATEHOUSE_ISSUER=https://api.example.org\n", "database_url": "postgres://u:p@db/x"})
	env, unreadable, err := installed(dir, func(path string) ([]byte, error) {
		if strings.HasSuffix(path, "/database_url") {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return os.ReadFile(path)
	})
	if err != nil || env["GATEHOUSE_ISSUER"] == "" || env["DATABASE_URL_FILE"] != "" {
		t.Errorf("%v, %v", env, err)
	}
	c := &Config{values: make([]Value, len(variables)), unreadable: unreadable}
	if err := c.Require(ForDatabase); err == nil || !strings.Contains(err.Error(), dir+"/database_url cannot be read: be root, or set it") {
		t.Error(err)
	}
}
