package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"gatehouse/api/admin"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

// What a request to the admin API may bring.
const (
	maxImport      = 8 << 20 // bytes of the body of an import
	maxTerms       = 1 << 20 // of one with the words of terms, which may be 300 kB of letters that JSON has six bytes for
	maxSegment     = 1000    // bytes of a part of the path, unescaped
	maxKey         = 200     // bytes of an Idempotency-Key
	importPatience = 2 * time.Minute
)

// adminAPI is the HTTP skin over the operations of admin.
type adminAPI struct {
	answerer
	p   *provider.Provider
	adm *admin.Admin
}

// Admin is the handler of the admin API, below oidc.AdminPath.
func Admin(p *provider.Provider, adm *admin.Admin, proxies Proxies) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	document, err := json.Marshal(admin.OpenAPI(p.Issuer))
	if err != nil {
		panic(err) // a mistake in the table of operations
	}
	a := &adminAPI{answerer{https: strings.HasPrefix(p.Issuer, "https:"), proxies: proxies, count: p.Answered, tracer: p.Tracer()},
		p, adm}
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = a.problem(c, a.routingProblem(err)) }
	e.Use(a.logged(nil), middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}))
	e.GET(provider.AdminMetadataPath, func(c echo.Context) error {
		anybody.allow(c, p)
		return a.write(c, p.AdminMetadata(c.Request().Context(), provider.Request{}))
	})
	e.GET(oidc.AdminPath+"/openapi.json", func(c echo.Context) error {
		anybody.allow(c, p)
		return a.write(c, provider.Answer{Status: 200, Raw: document})
	})
	e.Any(oidc.AdminPath+"/*", a.serve)
	e.OPTIONS(oidc.AdminPath+"/*", func(c echo.Context) error {
		return theUI.preflight(c, p, "GET POST PATCH DELETE")
	})
	return e
}

// WithAdmin has one listener serve the admin API, too.
func WithAdmin(api, adm http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, oidc.AdminPath+"/") || r.URL.Path == provider.AdminMetadataPath {
			adm.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func (a *adminAPI) routingProblem(err error) oidc.Problem {
	var known *echo.HTTPError
	switch {
	case errors.As(err, &known) && known.Code == http.StatusNotFound:
		return provider.NewProblem(404, "not_found", "there is no such path: "+oidc.AdminPath+"/openapi.json has those that there are")
	case errors.As(err, &known):
		return provider.NewProblem(known.Code, "invalid_request", "")
	}
	return provider.NewProblem(500, oidc.ServerError, "")
}

// serve answers a request to an operation.
func (a *adminAPI) serve(c echo.Context) error {
	theUI.allow(c, a.p)
	path := c.Request().URL.EscapedPath()
	segments, named := segmentsOf(strings.TrimPrefix(path, oidc.AdminPath+"/"))
	o, members, allowed := admin.Find(c.Request().Method, segments)
	switch {
	case !named || o.Path == "" && len(allowed) == 0:
		return echo.ErrNotFound
	case o.Path == "":
		c.Response().Header().Set("Allow", strings.Join(allowed, ", "))
		return a.problem(c, provider.NewProblem(405, "method_not_allowed", "this path has "+strings.Join(allowed, ", ")))
	}
	c.Set(operationKey, o.Name)
	limit, wait := maxBody, provider.Patience
	if strings.HasSuffix(o.Path, "/import") {
		limit, wait = maxImport, importPatience
	} else if strings.HasPrefix(o.Name, "terms ") {
		limit = maxTerms
	}
	r := provider.Request{Method: c.Request().Method, Path: path, Authorization: c.Request().Header.Get("Authorization"),
		DPoP: c.Request().Header.Values("DPoP"), Origin: c.Request().Header.Get("Origin")}
	r.Addr, r.Via = a.proxies.where(c.Request())
	if wait > provider.Patience { // longer than writeTimeout leaves for the answer
		_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(wait + provider.Patience)) // a connection has one
	}
	ctx, cancel := context.WithTimeout(provider.WithRequest(c.Request().Context(), requestID(c), r.Addr), wait)
	defer cancel()
	if len(c.Request().Header.Values("Authorization")) > 1 {
		return a.problem(c, provider.NewProblem(400, oidc.InvalidRequest, "more than one Authorization header"))
	}
	token, refusal := a.p.AdminToken(ctx, r)
	if refusal != nil { // of a request that is read to its end, as proxies that are still sending it would answer 502
		_, _ = io.CopyN(io.Discard, c.Request().Body, int64(limit))
		return a.write(c, *refusal)
	}
	c.Set(tokenKey, token)
	if len(r.DPoP) > 0 {
		c.Response().Header().Set("DPoP-Nonce", a.p.DPoPNonce())
	}
	body, problem := readAdminBody(c, o, limit)
	if problem != nil {
		return a.problem(c, *problem)
	}
	caller := admin.Caller{Role: token.Role, Owner: token.Owner, Scope: token.Scope,
		Actor: store.Actor{Name: token.Name, Door: doorOf(r, a.p), RequestID: requestID(c), Addr: addrOf(r.Addr)}}
	return a.do(ctx, c, caller, o, members, body)
}

// operationKey is where the name of the operation is, for the log.
const operationKey = "operation"

// tokenKey is where the token of the request is, once it is known to be good.
const tokenKey = "token"

// doorOf tells the pages, whose origin browsers do not let others claim, from other programs.
func doorOf(r provider.Request, p *provider.Provider) string {
	if r.Origin != "" && r.Origin == p.UIOrigin {
		return "page"
	}
	return "api"
}

func addrOf(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// segmentsOf unescapes the parts of a path, in which an address may be one.
func segmentsOf(path string) (list []string, ok bool) {
	for part := range strings.SplitSeq(path, "/") {
		text, err := url.PathUnescape(part)
		if err != nil || len(text) > maxSegment || strings.ContainsRune(text, 0) {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

func readAdminBody(c echo.Context, o admin.Operation, limit int) ([]byte, *oidc.Problem) {
	refuse := func(status int, why string) ([]byte, *oidc.Problem) {
		problem := provider.NewProblem(status, oidc.InvalidRequest, why)
		return nil, &problem
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, int64(limit)))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return refuse(413, "the body is longer than "+strconv.Itoa(limit>>10)+" KiB")
	case err != nil:
		return refuse(400, "the body could not be read")
	case len(body) == 0:
		return nil, nil
	}
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && (kind != o.BodyType()) {
		return refuse(415, "Content-Type must be "+o.BodyType())
	}
	return body, nil
}

// do runs the operation, and answers.
func (a *adminAPI) do(
	ctx context.Context, c echo.Context, caller admin.Caller, o admin.Operation, members map[string]string, body []byte,
) error {
	if len(c.Request().URL.RawQuery) > maxQuery {
		return a.problem(c, provider.NewProblem(414, oidc.InvalidRequest, "the query is longer than 8 KiB"))
	}
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return a.problem(c, provider.NewProblem(400, oidc.InvalidRequest, "the query is not form-urlencoded"))
	}
	how, err := a.howOf(c, caller, o, query, body)
	if err != nil {
		return a.refuse(ctx, c, err)
	}
	in, err := o.Input(members, query, body)
	if err != nil {
		return a.refuse(ctx, c, err)
	}
	out, err := a.adm.Do(ctx, caller, o, in, how)
	var before admin.RepeatedKey
	switch {
	case errors.As(err, &before):
		return a.repeat(ctx, c, before)
	case err != nil:
		return a.refuse(ctx, c, err)
	}
	answer, err := answerOf(out)
	if err != nil {
		return a.refuse(ctx, c, err)
	}
	if out.ETag != "" && has(c, out.ETag) {
		return a.write(c, provider.Answer{Status: 304, ETag: out.ETag})
	}
	return a.write(c, provider.Answer{Status: answer.Status, Raw: answer.Body, ETag: out.ETag})
}

// keptAnswer is an answer as it is kept for a request that may come again.
type keptAnswer struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body,omitempty"`
}

func answerOf(out admin.Outcome) (keptAnswer, error) {
	if out.Out == (admin.Nothing{}) {
		return keptAnswer{Status: 204}, nil
	}
	body, err := json.Marshal(out.Out)
	return keptAnswer{200, body}, err
}

// repeat answers a request that came before as it was answered then.
func (a *adminAPI) repeat(ctx context.Context, c echo.Context, before admin.RepeatedKey) error {
	if !before.Same {
		return a.problem(c, provider.NewProblem(422, "idempotency_key_reused", "this Idempotency-Key came with another request: make a new one"))
	}
	var kept keptAnswer
	plain, err := a.p.OpenAnswer(before.Answer)
	if err == nil {
		err = json.Unmarshal(plain, &kept)
	}
	if err != nil {
		return a.refuse(ctx, c, err)
	}
	c.Response().Header().Set("Idempotency-Replayed", "true")
	return a.write(c, provider.Answer{Status: kept.Status, Raw: kept.Body})
}

// howOf reads how the operation is to be run, and takes what says so from the query.
func (a *adminAPI) howOf(c echo.Context, caller admin.Caller, o admin.Operation, query url.Values, body []byte) (how admin.How, err error) {
	if !o.Writes() {
		return how, nil
	}
	for name, field := range map[string]*bool{"dry_run": &how.DryRun, "declared_anyway": &how.DeclaredAnyway} {
		if value := query[name]; len(value) > 0 {
			if *field, err = strconv.ParseBool(value[0]); err != nil || len(value) > 1 {
				return how, admin.Wrong(name + " must be true or false")
			}
			delete(query, name)
		}
	}
	h := c.Request().Header
	how.IfMatch = h.Get("If-Match")
	key := h.Get("Idempotency-Key")
	switch {
	case key == "" || how.DryRun:
		return how, nil
	case len(key) > maxKey:
		return how, admin.Wrong("Idempotency-Key must have at most 200 bytes")
	}
	of := []string{c.Request().Method, c.Request().URL.RequestURI(), how.IfMatch, string(body)}
	request, _ := json.Marshal(of)
	how.Once = &admin.Once{Key: sha256.Sum256([]byte(caller.Name + "\n" + key)), Request: sha256.Sum256(request),
		Answer: func(out admin.Outcome) ([]byte, error) {
			answer, err := answerOf(out)
			if err != nil {
				return nil, err
			}
			text, err := json.Marshal(answer)
			return a.p.SealAnswer(text), err
		}}
	return how, nil
}

// refuse answers what an error says.
func (a *adminAPI) refuse(ctx context.Context, c echo.Context, err error) error {
	var invalid admin.Invalid
	var missing admin.Missing
	var refused admin.Refusal
	var forbidden admin.Forbidden
	var changed admin.Changed
	var problem oidc.Problem
	switch {
	case errors.As(err, &invalid):
		problem = provider.NewProblem(400, oidc.InvalidRequest, invalid.Error())
	case errors.As(err, &missing):
		problem = provider.NewProblem(404, "not_found", missing.Error())
	case errors.As(err, &forbidden) && forbidden.Scope != "":
		token, _ := c.Get(tokenKey).(provider.AdminToken)
		return a.write(c, *a.p.LacksAdminScope(ctx, token, forbidden.Scope, forbidden.Words))
	case errors.As(err, &forbidden):
		problem = provider.NewProblem(403, "forbidden", forbidden.Words)
	case errors.As(err, &changed):
		problem = provider.NewProblem(412, "changed_meanwhile", changed.Error())
		problem.Current = changed.Current
	case errors.As(err, &refused):
		problem = provider.NewProblem(409, "refused", refused.Words)
		problem.Constraint = refused.Constraint
	default:
		return a.write(c, *a.p.FailedOperation(ctx, err)) // with Retry-After, where it is worth another try
	}
	return a.problem(c, problem)
}

// problem writes a problem.
func (a *adminAPI) problem(c echo.Context, problem oidc.Problem) error {
	problem.RequestID = requestID(c)
	body, err := json.Marshal(problem)
	if err != nil {
		return err
	}
	return a.write(c, provider.Answer{Status: problem.Status, Raw: body, Type: provider.ProblemType})
}
