package oidc

// SignUpAsked is somebody who asked for an account. Whether they get one is decided when the mail is sent.
type SignUpAsked struct{}

func (SignUpAsked) Kind() EventKind {
	return EventKind{"sign_up_asked", LevelInfo, "account asked for"}
}

// SignUpNotRead is that Postgres did not say whether people can have an account by themselves: the login page does without.
type SignUpNotRead struct {
	Error string `json:"error"`
}

func (SignUpNotRead) Kind() EventKind {
	return EventKind{"sign_up_not_read", LevelWarn, "sign-up could not be read"}
}

// SignUpRefused is somebody whose asking for an account was not taken.
type SignUpRefused struct {
	Error string `json:"error"`
}

func (SignUpRefused) Kind() EventKind {
	return EventKind{"sign_up_refused", LevelWarn, "request for an account refused"}
}
