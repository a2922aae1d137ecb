package provider_test

import (
	"fmt"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// Each is of Password, made by Django, crypt(3), passlib, slapd and Keycloak.
func TestWhoCameWithAHashOfAnotherSystemSignsInAndGetsOneOfOurs(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, hash := range map[string]string{
		"django":  `pbkdf2_sha256$1000$kQ2vWm8rTz1x$7ItUgtVMpZgtmwDCr35Hr3B+gStBDMaQZBA2+xLXMac=`,
		"shadow":  `$6$rounds=1000$saltstring$B.n1vD77SdB2TuXAE0nGKP536R1bUc6NvRMEtukg5fkv3SlfIs6RsCY18TxG6AWfmoa/S410tUwH1MRlKRQST0`,
		"slapd":   `{SSHA512}SMuPA9ied2p9nTJf4N2MgRZvOWi1eTuRz3Y+5o+lfW7pOUvFAdoHsBpxtih1Mi9L8APLeWvXfSy84A9qfRKsnrEW4tz731tr`,
		"php":     `$argon2i$v=19$m=1024,t=2,p=2$u5eS8r53zjknJOS8d85ZSw$WsihgOoQNzoS0I+2+A2OyFVzwHOb4EpjRyl647cWjbs`,
		"passlib": `$scrypt$ln=10,r=8,p=1$hDDmHKMUgnAOwZjzvjfm/A$MLxgZYWtOCJNj6uhP1XJ0ThLna9Ep5mEIrszMk1U56s`,
		"keycloak": `{
			"secretData": "{\"value\": \"ppsXnjrdPB4KryJ6DrOqKqhkWrhv7PbKAMF1Eml8cZ4=\", \"salt\": \"AAECAwQFBgcICQoLDA0ODw==\"}",
			"credentialData": "{\"hashIterations\": 1000, \"algorithm\": \"pbkdf2-sha256\"}"}`,
	} {
		r.Exec("INSERT INTO users (username, password) VALUES ($1, $2)", name, hash)
		for range 2 { // by theirs, and then by ours
			b := r.browser()
			if a := b.Login(b.Authorize(AuthParams()).Location(), name, Password+"x"); a.Query("code") != "" {
				t.Errorf("%s with a wrong password: %d", name, a.Status)
			}
			if a := b.Login(b.Authorize(AuthParams()).Location(), name, Password); a.Query("code") == "" {
				t.Errorf("%s: %d %s", name, a.Status, a.Header.Get("Location"))
			}
		}
		ours := fmt.Sprintf("$argon2id$v=19$m=%d,%%", authn.HashMemory>>10)
		if n := r.Count("SELECT count(*) FROM users WHERE username = $1 AND password LIKE $2", name, ours); n != 1 {
			t.Errorf("the hash of %s was not replaced", name)
		}
	}
}
