// Command dev is what `npm start` runs once everything is built: Postgres, the migrations, the API, the UI and a JupyterHub
// that signs in through them, until Ctrl-C. `dev postgres` is the Postgres alone, for the end to end tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gatehouse/api/devdb"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	go endWithParent(os.Getppid(), cancel)
	if err := run(ctx, os.Args[1:]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("dev", flag.ExitOnError)
	fresh := flags.Bool("fresh", false, "forget the state of earlier runs first")
	demo := flags.Bool("demo", true, "add the demo rows of migrations/dev")
	seed := flags.String("seed", "", "a bash script to run after the migrations, with the environment of gatehouse")
	_ = flags.Parse(args)
	s, err := load()
	if err != nil {
		return err
	}
	alone := flags.Arg(0) == "postgres"
	if !alone {
		if err := s.checkPorts(); err != nil {
			if s.runs() {
				return s.runsAlready()
			}
			return err
		}
		s.sayWhatIsLeftOut()
	}
	if err := s.lock(); err != nil {
		return err
	}
	if *fresh {
		if err := s.forget(); err != nil {
			return err
		}
	}
	if alone {
		return s.postgres(ctx)
	}
	return s.serve(ctx, *demo, *seed)
}

// postgres prints the address of a database and keeps its server running.
func (s settings) postgres(ctx context.Context) error {
	// Nothing here has to outlive the machine.
	url, stop, err := devdb.Open(ctx, s.database(), func(string) {}, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println(url)
	<-ctx.Done()
	return nil
}

// serve starts everything in order, waits for the end of one of them or of ctx, and stops everything in the other order.
func (s settings) serve(ctx context.Context, demo bool, seed string) error {
	if err := errors.Join(os.MkdirAll(s.logs, 0o755), s.makeKey()); err != nil {
		return err
	}
	family, err := newFamily()
	if err != nil {
		return err
	}
	defer sweep() // at the very end
	database, stopPostgres, err := devdb.Open(ctx, s.database(), say)
	if err != nil {
		return err
	}
	defer stopPostgres()
	defer family.stop()
	if err := s.prepare(ctx, database, demo, seed); err != nil {
		return err
	}
	say("Starting the API and the UI")
	env := s.gatehouseEnv(database)
	for _, part := range []struct{ name, command, health string }{
		{"The API", "serve", fmt.Sprintf("http://127.0.0.1:%d/readyz", s.apiPort)},
		{"The UI", "ui", fmt.Sprintf("http://127.0.0.1:%d/config.json", s.uiPort)},
	} {
		child, err := family.start(part.name, s.logFile(part.command), s.root, env, s.gatehouse(), part.command)
		if err != nil {
			return err
		}
		if err := child.waitUntilHealthy(ctx, part.health, 30*time.Second); err != nil {
			return err
		}
	}
	hub, err := s.startHub(ctx, family, env)
	if err != nil {
		return err
	}
	if demo {
		if err := s.registerAdminPages(ctx, env); err != nil {
			return err
		}
	}
	if err := s.writeEnv(env); err != nil {
		return err
	}
	s.printAddresses(hub, demo)
	select {
	case <-ctx.Done():
		say("Stopping…")
		return nil
	case child := <-family.died:
		return child.lastLines("stopped")
	}
}

// prepare applies the migrations and adds the rows that were asked for.
func (s settings) prepare(ctx context.Context, database string, demo bool, seed string) error {
	say("Applying the migrations")
	migrate := []string{s.gatehouse(), "migrate"}
	if demo {
		migrate = append(migrate, "--dev")
	}
	steps := [][]string{migrate}
	if seed != "" {
		steps = append(steps, []string{"bash", seed})
	}
	for _, step := range steps {
		if _, err := output(ctx, s.gatehouseEnv(database), step...); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) printAddresses(hub, demo bool) {
	fmt.Println()
	if hub {
		fmt.Printf("  JupyterHub  %s\n", s.hubURL())
	}
	fmt.Printf("  API         %s\n  UI          %s\n", s.issuer, s.uiOrigin)
	if demo {
		fmt.Printf("  Sign in as  alice, with the password: demo passphrase\n")
		fmt.Printf("  Administer  %s as admin, with the same password\n", s.adminPages())
	}
	fmt.Printf("  Manage      npm run gatehouse -- user list\n")
	fmt.Printf("  SQL         . %s, then: psql \"$DATABASE_URL\"\n", s.envFile())
	fmt.Printf("  Logs        %s\n\n  Ctrl-C stops everything.\n\n", s.logs)
}

// endWithParent cancels when whoever started us is gone, even by SIGKILL: then nobody is left to press Ctrl-C.
func endWithParent(parent int, cancel func()) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	cancel()
}

func say(line string) { fmt.Println(line) }
