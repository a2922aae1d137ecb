package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// hubClient is the client_id of the demo: a name of its own, as DATABASE_URL may lead to a database with a real jupyterhub.
const hubClient = "demo-jupyterhub"

// localSettings follow what `gatehouse client add --template jupyterhub` prints.
//
//go:embed jupyterhub_local.py
var localSettings string

// startHub starts JupyterHub if it is installed, and reports whether it did.
func (s settings) startHub(ctx context.Context, f *family, gatehouseEnv []string) (bool, error) {
	venv := filepath.Join(s.root, ".cache/venv")
	if !s.hub {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(venv, "bin/jupyterhub")); err != nil {
		say("JupyterHub is left out: it is not installed (npm start does that)")
		return false, nil
	}
	dir := s.hubDir()
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o755); err != nil {
		return false, err
	}
	config := filepath.Join(dir, "jupyterhub_config.py")
	if err := s.registerHub(ctx, config, gatehouseEnv); err != nil {
		return false, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return false, err
	}
	say("Starting JupyterHub")
	env := append(environ("DEV_", "DATABASE_URL", "GATEHOUSE_", "JUPYTERHUB_", "CONFIGPROXY_", "OAUTH"),
		"PATH="+filepath.Join(venv, "bin")+":"+os.Getenv("PATH"),
		"HUB_STATE="+dir,
		"HUB_URL=http://127.0.0.1:"+fmt.Sprint(s.hubPort),
		"HUB_API_URL=http://127.0.0.1:"+fmt.Sprint(ports[0]),
		"HUB_PROXY_API_URL=http://127.0.0.1:"+fmt.Sprint(ports[1]),
		"HUB_PROXY="+filepath.Join(s.root, "node_modules/configurable-http-proxy/bin/configurable-http-proxy"))
	hub, err := f.start("JupyterHub", s.logFile("jupyterhub"), dir, env, filepath.Join(venv, "bin/python"), "-m", "jupyterhub", "-f", config)
	if err != nil {
		return false, err
	}
	// The proxy listens before it knows the way to the Hub, so ask the Hub through it.
	return true, hub.waitUntilHealthy(ctx, fmt.Sprintf("http://127.0.0.1:%d/hub/health", s.hubPort), 2*time.Minute)
}

// registerHub registers the Hub and writes the configuration, unless both were done for this address before.
func (s settings) registerHub(ctx context.Context, config string, env []string) error {
	// The output of the command, so that its template is used every day.
	printed := config + ".printed"
	text, err := os.ReadFile(printed)
	known := err == nil && strings.Contains(string(text), fmt.Sprintf("%q", s.hubURL()+"/hub/oauth_callback")) &&
		strings.Contains(string(text), fmt.Sprintf("%q", s.issuer+"/authorize")) && strings.Contains(string(text), "def backchannel_logout")
	if known {
		_, err = output(ctx, env, s.gatehouse(), "client", "show", hubClient)
		known = err == nil
	}
	if !known {
		_, _ = output(ctx, env, s.gatehouse(), "client", "remove", hubClient)
		out, err := output(ctx, env, s.gatehouse(), "client", "add", hubClient, "--template", "jupyterhub", "--url", s.hubURL())
		if err != nil {
			return err
		}
		if text = []byte(out); os.WriteFile(printed, text, 0o600) != nil {
			return errors.New("cannot write " + printed)
		}
	}
	return os.WriteFile(config, append(text, "\n"+localSettings...), 0o600)
}

// freePorts returns ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
