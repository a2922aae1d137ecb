package oidc

// MailSent is a mail that the SMTP server took.
type MailSent struct {
	ID       string `json:"mail_id"`
	Template string `json:"template"`
	Username string `json:"username,omitempty"` // whom it is about
	Attempt  int    `json:"attempt"`
}

func (MailSent) Kind() EventKind { return EventKind{"mail_sent", LevelInfo, "mail sent"} }

// MailFailed is a mail that was not sent, and is tried again.
type MailFailed struct {
	ID       string `json:"mail_id"`
	Template string `json:"template"`
	Username string `json:"username,omitempty"` // whom it is about
	Attempt  int    `json:"attempt"`
	Error    string `json:"error"`
	Mend     string `json:"mend,omitempty"` // what the administrator can do
}

func (MailFailed) Kind() EventKind {
	return EventKind{"mail_failed", LevelWarn, "mail could not be sent; it is tried again"}
}

// MailGivenUp is a mail that is tried no more.
type MailGivenUp struct {
	ID       string `json:"mail_id"`
	Template string `json:"template"`
	Username string `json:"username,omitempty"` // whom it is about
	Attempt  int    `json:"attempt"`
	Error    string `json:"error"`
	Mend     string `json:"mend,omitempty"` // what the administrator can do
}

func (MailGivenUp) Kind() EventKind {
	return EventKind{"mail_given_up", LevelError, "mail is given up"}
}

// MailNotQueued are notices to people that could not be written, and are dropped.
type MailNotQueued struct {
	Mails int    `json:"mails"`
	Error string `json:"error"`
}

func (MailNotQueued) Kind() EventKind {
	return EventKind{"mail_not_queued", LevelWarn, "could not queue mail to people"}
}

// MailNotRead is a failure to read which mail is due.
type MailNotRead struct {
	Error string `json:"error"`
}

func (MailNotRead) Kind() EventKind {
	return EventKind{"mail_not_read", LevelWarn, "could not look for mail"}
}

// MailNotSaved is the outcome of an attempt that could not be noted. If it was sent, it is not sent again by itself.
type MailNotSaved struct {
	ID    string `json:"mail_id"`
	Error string `json:"error"`
}

func (MailNotSaved) Kind() EventKind {
	return EventKind{"mail_not_saved", LevelError, "could not note what became of a mail"}
}
