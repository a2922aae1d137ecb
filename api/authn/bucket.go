package authn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
)

// A Bucket is the number of a row of login_throttle: a byte of Kind, so that kinds with different limits never share a bucket,
// and sixteen bits of a digest. Which bucket a name falls into is secret, so that none can be aimed at.
type Bucket int32

const digestBits = 16

// Kind returns the kind that the number was made for.
func (b Bucket) Kind() Kind { return Kind(b >> digestBits) }

// Buckets returns the buckets of an attempt, in ascending order. username is as the user is looked up; addr is the client's
// address, the zero Addr if it is not known, with a zone if only that and the proxy are known; device names the known-device
// cookie if it is valid for this very account, and is "" otherwise; waited is for who was told to wait at the EndSite of addr, and
// did. Addresses count as one for each Subnet.
func Buckets(key [32]byte, username string, addr netip.Addr, device string, waited bool) []Bucket {
	switch {
	case device != "":
		return []Bucket{bucket(key, ByDevice, username, device)}
	case !addr.IsValid():
		return []Bucket{bucket(key, ByAccount, username)}
	case waited:
		return afterWaiting(key, username, addr)
	}
	subnet := Subnet(addr)
	list := []Bucket{bucket(key, ByPair, username, subnet)}
	if !isUnread(addr) { // else it may be anybody, so nobody is to wait for what others did to other accounts
		list = append(list, bucket(key, ByAddress, subnet))
	}
	list = append(list, bucket(key, ByAccount, username))
	if site := EndSite(addr); site != subnet && !isUnread(addr) {
		list = append(list, bucket(key, BySite, site))
	}
	return list
}

// afterWaiting returns the buckets of who waited: one failure a minute for each account and site, and not without end for an
// account, or for a site.
func afterWaiting(key [32]byte, username string, addr netip.Addr) []Bucket {
	list := []Bucket{bucket(key, ByWaitedPair, username, EndSite(addr)), bucket(key, ByWaited, username)}
	if !isUnread(addr) {
		list = append(list, bucket(key, ByWaitedSite, EndSite(addr)))
	}
	return list
}

// UserCodeBucket returns the bucket of whoever types a device's user code (RFC 8628 §5.1): their own where their browser has
// signed in as username, else that of their EndSite, so that nobody's guesses stand in the way of those who are known or
// elsewhere. A guess costs no hash, so somebody with a bucket for each /64 could soon fill all there are.
func UserCodeBucket(key [32]byte, addr netip.Addr, username string) Bucket {
	if username != "" {
		return bucket(key, ByUserCodeUser, username)
	}
	return bucket(key, ByUserCodeSite, EndSite(addr))
}

// WorkshopCodeBucket returns the bucket of whoever types the code of a workshop: that of their EndSite, where hundreds of learners may be
// behind one address and mistype it, or, for who was told to wait there and did, another one, which those who do not wait never fill. Three
// words of 7,776 are 470 thousand million codes; a site has 115 thousand guesses a day.
func WorkshopCodeBucket(key [32]byte, addr netip.Addr, waited bool) Bucket {
	if waited {
		return bucket(key, ByWaitedWorkshopCodeSite, EndSite(addr))
	}
	return bucket(key, ByWorkshopCodeSite, EndSite(addr))
}

// CodeBuckets returns the buckets of whoever has signed in as username and types a one-time code, in ascending order. device is
// that of a browser which has proven a second factor of theirs before, and has a bucket of its own; a password makes no browser
// known here, or whoever has it would have as many buckets as they like.
//
// Three codes of a million are right at a time. So for each address there are five guesses and then 48 a day, and for each account, from
// however many addresses, 20 and then 144 a day: one in 2,300 days or more is right. Whoever owns the account meets none of that at a
// browser that is known, where there are ten guesses and then 96 a day.
func CodeBuckets(key [32]byte, username string, addr netip.Addr, device string) []Bucket {
	switch {
	case device != "":
		return []Bucket{bucket(key, ByCodeDevice, username, device)}
	case !addr.IsValid():
		return []Bucket{bucket(key, ByCode, username)}
	}
	return []Bucket{bucket(key, ByCodePair, username, EndSite(addr)), bucket(key, ByCode, username)}
}

// RecoveryCodeBuckets is CodeBuckets for recovery codes. Those cannot be guessed, so nobody's guesses stand in the way of an owner who is
// elsewhere: it is how they get in while somebody with their password keeps the other buckets full.
func RecoveryCodeBuckets(key [32]byte, username string, addr netip.Addr, device string) []Bucket {
	if device == "" && addr.IsValid() {
		device = EndSite(addr)
	}
	return []Bucket{bucket(key, ByRecoveryCode, username, device)}
}

func bucket(key [32]byte, kind Kind, values ...string) Bucket {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte{byte(kind)})
	for _, value := range values {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) // or "ab","c" would be "a","bc"
		mac.Write([]byte(value))
	}
	return Bucket(kind)<<digestBits | Bucket(binary.BigEndian.Uint16(mac.Sum(nil)))
}
