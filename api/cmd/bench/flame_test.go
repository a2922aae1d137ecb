package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const traces = `Type: cpu
-----------+-------------------------------------------------------
      30ms   crypto/internal/fips140/nistec.(*P256Point).double
             crypto/ecdsa.Sign[go.shape.int]
             gatehouse/api/keys.(*Ring).Sign
             net/http.(*conn).serve
-----------+-------------------------------------------------------
     bytes:  16B
      10ms   gatehouse/api/keys.(*Ring).Sign (inline)
             net/http.serverHandler.ServeHTTP
             net/http.(*conn).serve
-----------+-------------------------------------------------------
       5ms   runtime/pprof.profileWriter
-----------+-------------------------------------------------------
       0.05ms   runtime.mcall
`

func TestAProfileIsATreeOfWhoCalledWhom(t *testing.T) {
	root := readTraces(traces)
	serve := root.callee["http.serve"]
	if root.total != 40.05 || serve == nil || serve.total != 40 || serve.callee["keys.Sign"].total != 40 {
		t.Fatalf("%+v %+v", root, serve)
	}
	if sign := serve.callee["keys.Sign"].byCost(); len(sign) != 1 || sign[0].name != "ecdsa.Sign" || len(sign[0].callee) != 0 {
		t.Errorf("of a library only where it was entered: %+v", sign)
	}
	picture := draw("SSO & more", "ms", root)
	for _, part := range []string{"SSO &amp; more", "keys.Sign 99.9 %", "ecdsa.Sign 74.9 %"} {
		if !strings.Contains(picture, part) {
			t.Errorf("no %q in\n%s", part, picture)
		}
	}
	if strings.Contains(picture, "mcall") {
		t.Error("what took next to nothing is drawn")
	}
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
