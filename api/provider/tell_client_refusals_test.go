package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

func TestAFloodOfRefusalsOfClientsIsDroppedWhereItIsTooMuch(t *testing.T) {
	t.Parallel()
	l := clientRefusals{now: time.Now}
	long := strings.Repeat("x", 100_000) + "\x1b\u202e"
	for i := range 10_000 {
		value := &oidc.RefusedValue{Member: "redirect_uri", Sent: fmt.Sprint(i) + long, Nearest: long, Whole: true}
		l.hear(t.Context(), oidc.AuthorizationRequestRefused{ClientID: fmt.Sprint("c", i%1000), Error: "\x1b[31m", Refused: value})
		l.hear(t.Context(), oidc.RequestRefused{ClientID: "web", Endpoint: "token", Error: "x", Why: long})
		l.hear(t.Context(), oidc.RequestRefused{Endpoint: "token", Error: "of nobody"})
		l.hear(t.Context(), oidc.SignedOut{})
	}
	list, of := l.take(), map[string]int{}
	for _, r := range list {
		of[r.ClientID]++
		for _, text := range []string{r.Sent, r.Why, r.Error, r.Nearest} {
			if len(text) > 2*maxRefusalText+10 || strings.ContainsAny(text, "\x1b\u202e") {
				t.Fatalf("%d bytes: %.50q", len(text), text)
			}
		}
		if r.Whole {
			t.Error("what was cut is said to be whole")
		}
	}
	if len(list) != maxClientRefusals || of["web"] != maxOfOneClient {
		t.Errorf("%d wait, %d of web", len(list), of["web"])
	}
	if list = l.take(); len(list) != 0 {
		t.Errorf("%d are taken twice", len(list))
	}
}
