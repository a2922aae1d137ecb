package main

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"gatehouse/api/devdb"
)

// settings has the places of things on this machine. DEV_… variables change it; GATEHOUSE_… ones are the product's and pass
// through.
type settings struct {
	root, state, logs        string
	apiPort, uiPort, hubPort int
	issuer, uiOrigin         string
	hub                      bool
}

func load() (settings, error) {
	root, err := devdb.Root()
	if err != nil {
		return settings{}, err
	}
	s := settings{root: root, hub: cmp.Or(os.Getenv("DEV_HUB"), "yes") != "no"}
	if s.state, err = filepath.Abs(cmp.Or(os.Getenv("DEV_STATE"), filepath.Join(root, ".cache/dev"))); err != nil {
		return settings{}, err
	}
	s.logs = cmp.Or(os.Getenv("DEV_LOGS"), filepath.Join(s.state, "logs"))
	for name, port := range map[string]*int{"DEV_API_PORT": &s.apiPort, "DEV_UI_PORT": &s.uiPort, "DEV_HUB_PORT": &s.hubPort} {
		value := cmp.Or(os.Getenv(name), map[string]string{"DEV_API_PORT": "4000", "DEV_UI_PORT": "4001", "DEV_HUB_PORT": "8000"}[name])
		if *port, err = strconv.Atoi(value); err != nil || *port < 1 || *port > 65535 {
			return settings{}, fmt.Errorf("%s=%s is not a port: give a number from 1 to 65535", name, value)
		}
	}
	s.issuer = cmp.Or(os.Getenv("DEV_ISSUER"), fmt.Sprintf("http://localhost:%d", s.apiPort))
	s.uiOrigin = cmp.Or(os.Getenv("DEV_UI_ORIGIN"), fmt.Sprintf("http://localhost:%d", s.uiPort))
	return s, nil
}

// checkPorts checks, before anything is started, both addresses that a browser may take localhost for.
func (s settings) checkPorts() error {
	ports := []struct {
		port           int
		what, variable string
	}{{s.apiPort, "the API", "DEV_API_PORT"}, {s.uiPort, "the UI", "DEV_UI_PORT"}, {s.hubPort, "JupyterHub", "DEV_HUB_PORT"}}
	if !s.hub {
		ports = ports[:2]
	}
	for _, p := range ports {
		for _, host := range []string{"127.0.0.1", "::1"} {
			listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p.port)))
			if errors.Is(err, syscall.EADDRINUSE) {
				return fmt.Errorf("Port %d is in use, and %s needs it. Stop what listens there, or choose another: %s=%d npm start",
					p.port, p.what, p.variable, p.port+100)
			}
			if err == nil {
				listener.Close()
			}
		}
	}
	return nil
}

// lock creates the state folder and keeps a second run out of it; the kernel releases the lock when this process ends.
func (s settings) lock() error {
	if err := os.MkdirAll(s.state, 0o755); err != nil {
		return err
	}
	file, err := syscall.Open(filepath.Join(s.state, "lock"), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return s.runsAlready()
	}
	return nil
}

func (s settings) runsAlready() error {
	return fmt.Errorf("npm start runs already with the state in %s. Stop it, or choose another folder with DEV_STATE", s.state)
}

// runs reports whether another run has the lock.
func (s settings) runs() bool {
	file, err := syscall.Open(filepath.Join(s.state, "lock"), syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(file)
	return errors.Is(syscall.Flock(file, syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// forget removes what earlier runs left in the state folder, and nothing else that may be there.
func (s settings) forget() error {
	return errors.Join(devdb.Remove(s.database()), os.RemoveAll(s.keyFile()), os.RemoveAll(s.envFile()), os.RemoveAll(s.hubDir()),
		os.RemoveAll(s.logs))
}

func (s settings) database() string           { return filepath.Join(s.state, "postgres") }
func (s settings) hubDir() string             { return filepath.Join(s.state, "jupyterhub") }
func (s settings) keyFile() string            { return filepath.Join(s.state, "encryption_key") }
func (s settings) envFile() string            { return filepath.Join(s.state, "env") }
func (s settings) gatehouse() string          { return filepath.Join(s.root, ".cache/bin/gatehouse") }
func (s settings) logFile(name string) string { return filepath.Join(s.logs, name+".log") }
func (s settings) hubURL() string             { return fmt.Sprintf("http://localhost:%d", s.hubPort) }

// makeKey creates the key that the signing keys are encrypted under, once.
func (s settings) makeKey() error {
	file, err := os.OpenFile(s.keyFile(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	return errors.Join(err, file.Close())
}

// gatehouseEnv returns our environment with the settings of the product, which override it.
func (s settings) gatehouseEnv(database string) []string {
	return append(environ("DEV_", "DATABASE_URL"),
		"GATEHOUSE_PRIVATE_HOSTS="+cmp.Or(os.Getenv("GATEHOUSE_PRIVATE_HOSTS"), "localhost,127.0.0.1"),
		"DATABASE_URL="+database,
		"GATEHOUSE_ISSUER="+s.issuer,
		"GATEHOUSE_UI_ORIGIN="+s.uiOrigin,
		fmt.Sprintf("GATEHOUSE_LISTEN=127.0.0.1:%d", s.apiPort),
		fmt.Sprintf("GATEHOUSE_UI_LISTEN=127.0.0.1:%d", s.uiPort),
		"GATEHOUSE_UI_ROOT="+filepath.Join(s.root, "ui/dist"),
		"GATEHOUSE_ENCRYPTION_KEY_FILE="+s.keyFile(),
		"GATEHOUSE_ADMIN_GROUP="+cmp.Or(os.Getenv("GATEHOUSE_ADMIN_GROUP"), adminGroup),
		"GATEHOUSE_ADMIN_ACR="+cmp.Or(os.Getenv("GATEHOUSE_ADMIN_ACR"), "1"), // a password is enough to look around
		"PATH="+filepath.Join(s.root, ".cache/bin")+":"+os.Getenv("PATH"))
}

// ours are the variables of the product that gatehouseEnv sets, and what changes each of them here; "" for nothing.
var ours = map[string]string{"DATABASE_URL": "", "GATEHOUSE_ISSUER": "DEV_ISSUER", "GATEHOUSE_UI_ORIGIN": "DEV_UI_ORIGIN",
	"GATEHOUSE_LISTEN": "DEV_API_PORT", "GATEHOUSE_UI_LISTEN": "DEV_UI_PORT", "GATEHOUSE_UI_ROOT": "", "GATEHOUSE_ENCRYPTION_KEY_FILE": ""}

// sayWhatIsLeftOut names the variables whose values are not those of the environment.
func (s settings) sayWhatIsLeftOut() {
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if os.Getenv(name) == "" || name == "DATABASE_URL" { // which is used
			continue
		}
		instead := ""
		if ours[name] != "" {
			instead = "; " + ours[name] + " changes it"
		}
		say(name + " of your environment is left out: npm start has its own" + instead)
	}
}

// writeEnv writes what a shell needs to be an operator's.
func (s settings) writeEnv(env []string) error {
	var b strings.Builder
	for _, name := range append(slices.Sorted(maps.Keys(ours)), "GATEHOUSE_PRIVATE_HOSTS", "GATEHOUSE_ADMIN_GROUP",
		"GATEHOUSE_ADMIN_ACR", "PATH") {
		for _, pair := range slices.Backward(env) { // the last one counts
			if value, found := strings.CutPrefix(pair, name+"="); found {
				fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
				break
			}
		}
	}
	return os.WriteFile(s.envFile(), []byte(b.String()), 0o600) // the address of a database can have a password
}

// environ returns this process's environment without the variables that have one of the prefixes.
func environ(without ...string) []string {
	var env []string
	for _, pair := range os.Environ() {
		keep := true
		for _, prefix := range without {
			keep = keep && !strings.HasPrefix(pair, prefix)
		}
		if keep {
			env = append(env, pair)
		}
	}
	return env
}
