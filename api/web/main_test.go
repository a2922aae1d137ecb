package web_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

func TestMain(m *testing.M) { Main(m) }
