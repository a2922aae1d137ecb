package main

import (
	"bufio"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// howDead is what is the matter with a target.
type howDead string

const (
	refuses  howDead = "refused"
	silent   howDead = "accepted, and never answered"
	dribbles howDead = "a byte each two seconds"
	floods   howDead = "an answer without an end"
	well     howDead = ""
)

// target is a server of the lab's, for HTTP or SMTP, that can be dead.
type target struct {
	at       string
	mail     bool // it speaks SMTP
	mu       sync.Mutex
	listener net.Listener
	how      howDead
	deadAt   map[string]howDead // by path, where the rest is well
	key      *ecdsa.PrivateKey  // of an upstream
	open     map[net.Conn]bool
	got      []string // what arrived: the sid of a logout token, the Message-ID of a mail
}

func (l *lab) target() (*target, error) {
	at, err := freeAddress()
	t := &target{at: at, how: refuses, open: map[net.Conn]bool{}, deadAt: map[string]howDead{}, key: newKey()}
	l.atEnd(func() { _ = t.become(refuses) })
	return t, err
}

// mailTarget is one for SMTP.
func (l *lab) mailTarget() (*target, error) {
	t, err := l.target()
	t.mail = true
	return t, err
}

// become ends what is open, and is dead in another way, or well, from now on.
func (t *target) become(how howDead) (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.open {
		_ = c.Close()
	}
	if t.how = how; how == refuses {
		if t.listener != nil {
			err, t.listener = t.listener.Close(), nil
		}
		return err
	}
	if t.listener == nil {
		if t.listener, err = net.Listen("tcp", t.at); err == nil {
			go t.accept(t.listener)
		}
	}
	return err
}

// becomeAt is become for a path alone.
func (t *target) becomeAt(path string, how howDead) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadAt[path] = how
	for c := range t.open {
		_ = c.Close()
	}
}

func (t *target) accept(listener net.Listener) {
	for {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		t.mu.Lock()
		t.open[c] = true
		how := t.how
		t.mu.Unlock()
		go func() {
			defer func() {
				t.mu.Lock()
				defer t.mu.Unlock()
				delete(t.open, c)
				_ = c.Close()
			}()
			t.serve(c, how)
		}()
	}
}

// serve talks as the target does now.
func (t *target) serve(c net.Conn, how howDead) {
	in := bufio.NewReader(c)
	switch {
	case how == silent, how == dribbles:
		die(c, how)
	case how == floods && t.mail:
		flood(c, "", "220-mail.example.org\r\n")
	case how == floods:
		if first, err := in.Peek(4); err == nil && string(first) == "POST" { // or the token has arrived
			flood(c, "HTTP/1.1 500 Internal Server Error\r\n\r\n", "x")
		} else if err == nil {
			die(c, floods)
		}
	case t.mail:
		t.smtp(c, in)
	default:
		t.http(c, in)
	}
}

// die answers an HTTP request as what is dead does.
func die(c net.Conn, how howDead) {
	switch how {
	case silent:
		_, _ = io.Copy(io.Discard, c)
	case dribbles:
		for _, err := c.Write([]byte("2")); err == nil; _, err = c.Write([]byte("2")) {
			time.Sleep(2 * time.Second)
		}
	case floods:
		flood(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":\"", "x")
	}
}

// flood writes a beginning, and then more, until nobody listens any more.
func flood(c net.Conn, begins, goesOn string) {
	_, err := io.WriteString(c, begins)
	for block := []byte(strings.Repeat(goesOn, 200)); err == nil; {
		_, err = c.Write(block)
	}
}

func (t *target) http(c net.Conn, in *bufio.Reader) {
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		t.mu.Lock()
		how := t.deadAt[r.URL.Path]
		t.mu.Unlock()
		if how != well {
			die(c, how)
			return
		}
		status, value := t.answer(r)
		body, _ := json.Marshal(value) // texts and numbers
		if _, err := fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status,
			http.StatusText(status), len(body), body); err != nil {
			return
		}
	}
}

func (t *target) smtp(c net.Conn, in *bufio.Reader) {
	id, data := "", false
	_, err := io.WriteString(c, "220 mail.example.org ESMTP\r\n")
	for err == nil {
		var line string
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
		says := "250 ok\r\n"
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); {
		case data && line == ".\r\n":
			data = false
			t.gets(id)
		case data:
			if strings.EqualFold(name, "Message-ID") {
				id = strings.TrimSpace(value)
			}
			continue
		case strings.HasPrefix(strings.ToUpper(line), "DATA"):
			data, says = true, "354 go on\r\n"
		case strings.HasPrefix(strings.ToUpper(line), "QUIT"):
			says = "221 bye\r\n"
		}
		_, err = io.WriteString(c, says)
	}
}

func (t *target) gets(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got = append(t.got, what)
}

// arrived returns how much did, and how much of it is different.
func (t *target) arrived() (all, different int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.got), len(counted(t.got))
}
