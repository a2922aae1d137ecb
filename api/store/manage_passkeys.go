package store

import (
	"context"
	"time"
)

// PasskeyRow is a passkey as an administrator sees one.
type PasskeyRow struct {
	ID                string     `json:"id" help:"Its credential ID, in base64url."`
	Name              string     `json:"name" help:"What its owner calls it."`
	RPID              string     `json:"rp_id" db:"rp_id" help:"The host that it is good for."`
	Synced            bool       `json:"synced" help:"It may be copied to other devices of its owner."`
	HardwareProtected bool       `json:"hardware_protected" help:"An administrator has seen that the key cannot leave the hardware."`
	AAGUID            string     `json:"aaguid,omitempty" db:"aaguid" help:"The model of the authenticator, where it says so."`
	Transports        []string   `json:"transports" help:"How the browser reaches its authenticator."`
	SignCount         int64      `json:"sign_count" help:"Of its last use; 0 where its authenticator does not count."`
	CreatedAt         time.Time  `json:"created_at" help:"When it was made."`
	UsedAt            *time.Time `json:"used_at,omitempty" help:"When it was last used."`
}

// passkeyID is a credential ID in base64url (RFC 4648 §5).
const passkeyID = `rtrim(translate(replace(encode(k.credential_id, 'base64'), E'\n', ''), '+/', '-_'), '=')`

const passkeyOfUser = `k.user_id = (SELECT id FROM users WHERE username = @username) AND ` + passkeyID + ` = @id`

var (
	listPasskeysOf = compile(`
		SELECT ` + passkeyID + ` AS id, k.name, k.rp_id, k.synced, k.hardware_protected, coalesce(k.aaguid::text, '') AS aaguid, k.transports,
			k.sign_count, k.created_at, k.used_at
		FROM passkeys k WHERE k.user_id = (SELECT id FROM users WHERE username = @username) ORDER BY k.created_at, k.credential_id`)
	setPasskey = compile(`UPDATE passkeys k SET name = coalesce(@name, k.name),
		hardware_protected = coalesce(@hardware_protected, k.hardware_protected) WHERE ` + passkeyOfUser + ` RETURNING 1`)
	removePasskeyOf = compile(`DELETE FROM passkeys k WHERE ` + passkeyOfUser + ` RETURNING 1`)
)

// ListPasskeysOf returns all passkeys of a user, the oldest first. Errors: Missing.
func (s *Store) ListPasskeysOf(ctx context.Context, username string) ([]PasskeyRow, error) {
	if err := s.manageOne(ctx, Missing{"user", username}, nil, userIsThere, args{"username": username}); err != nil {
		return nil, err
	}
	return listed[PasskeyRow](ctx, s, listPasskeysOf, args{"username": username})
}

// SetPasskey changes the name of a passkey, and whether it is known to be in hardware; nil leaves it. Errors: Missing.
func (s *Store) SetPasskey(ctx context.Context, username, id string, name *string, hardware *bool) error {
	shown := values{}
	if name != nil {
		shown["name"] = *name
	}
	return s.manageOne(ctx, Missing{"passkey of " + username, id}, shown, setPasskey,
		args{"username": username, "id": id, "name": name, "hardware_protected": hardware})
}

// RemovePasskeyOf removes a passkey. Errors: Missing.
func (s *Store) RemovePasskeyOf(ctx context.Context, username, id string) error {
	return s.manageOne(ctx, Missing{"passkey of " + username, id}, nil, removePasskeyOf, args{"username": username, "id": id})
}
