package load

import (
	"strconv"
	"strings"
	"time"
)

// jar keeps cookies by name and path. All servers share it: they are on 127.0.0.1, and cookies know no ports (RFC 6265 §8.5).
type jar struct{ cookies []cookie }

type cookie struct{ name, value, path string }

func (j *jar) reset() { j.cookies = j.cookies[:0] }

func (j *jar) set(name, value, path string) {
	j.remove(name, path)
	j.cookies = append(j.cookies, cookie{name, value, path})
}

func (j *jar) remove(name, path string) {
	for i, c := range j.cookies {
		if c.name == name && c.path == path {
			j.cookies = append(j.cookies[:i], j.cookies[i+1:]...)
			return
		}
	}
}

// receive reads the value of a Set-Cookie header that came from path (RFC 6265 §5.2).
func (j *jar) receive(line, path string) {
	pair, rest, _ := strings.Cut(line, ";")
	name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
	path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	expired := false
	for attribute := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		switch strings.ToLower(key) {
		case "path":
			path = value
		case "max-age":
			seconds, err := strconv.Atoi(value)
			expired = err == nil && seconds <= 0
		case "expires":
			end, err := time.Parse(time.RFC1123, value)
			expired = err == nil && end.Before(time.Now())
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = "/"
	}
	if expired {
		j.remove(name, path)
		return
	}
	j.set(name, value, path)
}

// appendTo appends the Cookie header for a request of path.
func (j *jar) appendTo(b []byte, path string) []byte {
	separator := "Cookie: "
	for _, c := range j.cookies {
		if !c.matches(path) {
			continue
		}
		b = append(append(append(append(b, separator...), c.name...), '='), c.value...)
		separator = "; "
	}
	if separator == "; " {
		b = append(b, "\r\n"...)
	}
	return b
}

// matches reports whether the cookie goes with a request of path (RFC 6265 §5.1.4).
func (c cookie) matches(path string) bool {
	rest, below := strings.CutPrefix(path, c.path)
	return below && (rest == "" || strings.HasSuffix(c.path, "/") || rest[0] == '/')
}
