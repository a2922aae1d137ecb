package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"gatehouse/api/authn"
)

// newPassword reads a new password: twice from a terminal, without showing what is typed, and from standard input otherwise.
// A password is never an argument: everybody on the machine can see those.
func (a *app) newPassword(ctx context.Context, fromStdin bool) (string, error) {
	password, err := a.readPassword(ctx, fromStdin)
	switch {
	case err != nil:
		return "", err
	case password == "":
		return "", errors.New("there is no password on standard input")
	case strings.ContainsAny(password, "\r\n"):
		return "", errors.New("the password must be one line of UTF-8")
	}
	return password, nil
}

// readHash reads a hash from standard input: as with a password, everybody on the machine could see an argument.
func (a *app) readHash() (string, error) {
	text, err := io.ReadAll(io.LimitReader(a.stdin, authn.MaxHash+1))
	hash := strings.TrimSpace(string(text))
	if err == nil && hash == "" {
		err = errors.New("there is no hash on standard input")
	}
	return hash, err
}

func (a *app) readPassword(ctx context.Context, fromStdin bool) (string, error) {
	if file, ok := a.stdin.(*os.File); ok && !fromStdin && term.IsTerminal(int(file.Fd())) {
		return a.promptTwice(ctx, int(file.Fd()))
	}
	text, err := io.ReadAll(io.LimitReader(a.stdin, authn.MaxPassword+3))
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), err
}

func (a *app) promptTwice(ctx context.Context, terminal int) (string, error) {
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(a.stderr, prompt)
		password, err := readHidden(ctx, terminal)
		fmt.Fprintln(a.stderr)
		if err != nil {
			return "", err
		}
		typed[i] = password
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ: try again")
	}
	return typed[0], nil
}

// readHidden ends with ctx too: Ctrl-C must not leave the terminal without echo.
func readHidden(ctx context.Context, terminal int) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	type result struct {
		password []byte
		err      error
	}
	read := make(chan result, 1)
	go func() {
		password, err := term.ReadPassword(terminal)
		read <- result{password, err}
	}()
	select {
	case r := <-read:
		return string(r.password), r.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(terminal, before))
	}
}
