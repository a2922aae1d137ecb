package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// client is an HTTP/1.1 client for one worker: one connection per host, kept alive, no redirects, a cookie jar. It needs far less
// CPU for a request than net/http, which matters where the load shares two cores with the server that it measures. It is not safe
// for concurrent use.
type client struct {
	jar   jar
	conns map[string]*conn // by host
	out   []byte           // the last request
	in    []byte           // the last body
}

type conn struct {
	net.Conn
	r *bufio.Reader
}

// header is a line of a request's head.
type header struct{ name, value string }

// response has been read whole. Its body is valid until the client's next request.
type response struct {
	status   int
	location string
	body     []byte
}

const patience = 30 * time.Second // for one exchange

func newClient() *client { return &client{conns: map[string]*conn{}} }

// close closes all connections; the client can be used again.
func (c *client) close() {
	for host := range c.conns {
		c.drop(host)
	}
}

func (c *client) drop(host string) {
	_ = c.conns[host].Close()
	delete(c.conns, host)
}

// errStale is the error of a connection that the server closed while it was idle.
var errStale = errors.New("the connection was closed")

// do sends a request and reads the response. It opens a new connection where the old one turns out to be stale.
func (c *client) do(method string, u *url.URL, body []byte, headers ...header) (*response, error) {
	if u.Scheme != "http" || u.Hostname() != "127.0.0.1" {
		return nil, fmt.Errorf("%s is not on this machine: load is for the loopback alone", u)
	}
	for {
		cn, reused := c.conns[u.Host]
		if !reused {
			dialed, err := net.DialTimeout("tcp4", u.Host, patience)
			if err != nil {
				return nil, err
			}
			cn = &conn{dialed, bufio.NewReaderSize(dialed, 16<<10)}
			c.conns[u.Host] = cn
		}
		got, closing, err := c.exchange(cn, method, u, body, headers)
		if closing || err != nil {
			c.drop(u.Host)
		}
		if err == nil || !reused || !errors.Is(err, errStale) {
			return got, err
		}
	}
}

// exchange reports in closing whether the connection ends with the response.
func (c *client) exchange(cn *conn, method string, u *url.URL, body []byte, headers []header) (
	got *response, closing bool, err error) {
	c.write(method, u, body, headers)
	_ = cn.SetDeadline(time.Now().Add(patience))
	if _, err := cn.Write(c.out); err != nil {
		return nil, false, errStale
	}
	head, err := c.readHead(cn.r, u)
	if err != nil {
		return nil, false, err
	}
	if head.length < 0 && !head.chunked { // the body ends with the connection (RFC 9112 §6.3)
		head.closing = true
	}
	if err := c.readBody(cn.r, head); err != nil {
		return nil, false, err
	}
	return &response{head.status, head.location, c.in}, head.closing, nil
}

// write lays the request out in c.out.
func (c *client) write(method string, u *url.URL, body []byte, headers []header) {
	b := fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", method, u.RequestURI(), u.Host)
	for _, h := range headers {
		b = append(append(append(append(b, h.name...), ": "...), h.value...), "\r\n"...)
	}
	b = c.jar.appendTo(b, u.Path)
	if method == "POST" {
		b = fmt.Appendf(b, "Content-Length: %d\r\n", len(body))
	}
	c.out = append(append(b, "\r\n"...), body...)
}

// head is what is needed of a response's head.
type head struct {
	status   int
	location string
	length   int // of the body; -1 if it is not said
	chunked  bool
	closing  bool
}

func (c *client) readHead(r *bufio.Reader, u *url.URL) (head, error) {
	h := head{length: -1}
	line, err := r.ReadSlice('\n')
	if len(line) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)) {
		return h, errStale
	}
	if err != nil {
		return h, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return h, fmt.Errorf("bad status line %q", line)
	}
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return h, fmt.Errorf("bad status line %q", line)
	}
	if h.status == 204 || h.status == 304 {
		h.length = 0
	}
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return h, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if err := c.note(&h, name, bytes.TrimSpace(value), u); err != nil {
			return h, err
		}
	}
}

// note keeps a header, if it is one that matters.
func (c *client) note(h *head, name, value []byte, u *url.URL) (err error) {
	switch {
	case is(name, "location"):
		h.location = string(value)
	case is(name, "set-cookie"):
		c.jar.receive(string(value), u.Path)
	case is(name, "connection"):
		h.closing = is(value, "close")
	case is(name, "content-length"):
		h.length, err = strconv.Atoi(string(value))
	case is(name, "transfer-encoding"):
		h.chunked = true
	}
	return err
}

func is(word []byte, lower string) bool {
	return len(word) == len(lower) && strings.EqualFold(string(word), lower)
}

// readBody reads into c.in.
func (c *client) readBody(r *bufio.Reader, h head) (err error) {
	c.in = c.in[:0]
	switch {
	case h.chunked:
		return c.readChunks(r)
	case h.length >= 0:
		return c.readN(r, h.length)
	}
	c.in, err = io.ReadAll(r)
	return err
}

// readChunks reads a body in chunks (RFC 9112 §7.1), and leaves out the trailers.
func (c *client) readChunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ";")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := c.readN(r, int(n)); err != nil {
			return err
		}
		if _, err := r.Discard(len("\r\n")); err != nil {
			return err
		}
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || len(bytes.TrimRight(line, "\r\n")) == 0 {
			return err
		}
	}
}

func (c *client) readN(r *bufio.Reader, n int) error {
	at := len(c.in)
	c.in = append(c.in, make([]byte, n)...) // the compiler makes no slice of it
	_, err := io.ReadFull(r, c.in[at:])
	return err
}
