package config

import "testing"

func TestACollectorIsNamedByTheVariablesOfOpenTelemetry(t *testing.T) {
	for _, test := range []struct {
		env  []string
		want string // "" where it is refused
	}{
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"}, "http://127.0.0.1:4318/v1/traces"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example.org/x/"}, "https://otel.example.org/x/v1/traces"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://b:4318/t"}, "http://b:4318/t"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=127.0.0.1:4318"}, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=grpc://127.0.0.1:4317"}, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://user:password@127.0.0.1:4318"}, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, ""},
	} {
		c, err := Load(base(test.env...))
		if err == nil {
			err = c.Require(ForServe)
		}
		if (err == nil) != (test.want != "") || err == nil && c.TracesEndpoint != test.want {
			t.Errorf("%v: %v, %q", test.env, err, c.TracesEndpoint)
		}
	}
}
