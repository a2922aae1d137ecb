package devdb

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// user is the account that Postgres runs as: ours or, since it refuses root, an unprivileged one that exists.
type user struct {
	credential *syscall.Credential // nil: us
	place      string              // a folder that user can enter whatever the modes above the checkout
}

// noteName is the file in the checkout that says where the data is, if it is not there.
const noteName = "elsewhere"

// settle decides which account Postgres runs as, and where its data is: below dir, or, where a checkout is closed to that user
// (one in /root), below /var/tmp.
func settle(root, dir string) (user, string, error) {
	if os.Geteuid() == 0 {
		defer syscall.Umask(syscall.Umask(0o022)) // the other user must get in
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return user{}, "", err
	}
	dir, err := filepath.Abs(dir)
	if err != nil || os.Geteuid() != 0 {
		return user{}, dir, err
	}
	u := user{place: fmt.Sprintf("/var/tmp/gatehouse-%x", sha256.Sum256([]byte(root)))[:len("/var/tmp/gatehouse-")+12]}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := osuser.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(found.Uid, 10, 32)
			gid, _ := strconv.ParseUint(found.Gid, 10, 32)
			u.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			break
		}
	}
	if u.credential == nil {
		return user{}, "", errNobody
	}
	if u.can("/bin/sh", dir, "-c", ":") {
		return u, dir, nil
	}
	elsewhere := filepath.Join(u.place, fmt.Sprintf("%x", sha256.Sum256([]byte(dir)))[:12])
	return u, elsewhere, u.moveTo(elsewhere, filepath.Join(dir, noteName))
}

// moveTo makes a folder in u.place and a note of it in the checkout. Without the note it is of a checkout, or of a state
// folder, that was deleted: then it has lost its encryption key, and is deleted too.
func (u user) moveTo(elsewhere, note string) error {
	if err := open(u.place); err != nil {
		return err
	}
	if _, err := os.Stat(note); err != nil {
		if err := os.RemoveAll(elsewhere); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(elsewhere, 0o755); err != nil {
		return err
	}
	return os.WriteFile(note, []byte(elsewhere+"\n"), 0o644)
}

// can reports whether the user may run a program in a folder: Go changes the user before it changes the folder.
func (u user) can(program, dir string, args ...string) bool {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential}
	return cmd.Run() == nil
}

// open creates a folder in one that anybody can write to, and refuses one that is not our own.
func open(place string) error {
	defer syscall.Umask(syscall.Umask(0o022))
	if err := os.Mkdir(place, 0o755); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(place)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a folder of ours alone: remove it", place)
	}
	return nil
}

// readable returns binaries that the user can run: these, or a copy in u.place.
func (u user) readable(bin binaries) (binaries, error) {
	if u.credential == nil || u.can(filepath.Join(bin.dir, "postgres"), "/", "--version") {
		return bin, nil
	}
	copied := filepath.Join(u.place, fmt.Sprintf("server-%d", bin.major))
	there := binaries{filepath.Join(copied, "bin"), bin.major}
	if u.can(filepath.Join(there.dir, "postgres"), "/", "--version") {
		return there, nil
	}
	defer syscall.Umask(syscall.Umask(0o022))
	if err := open(u.place); err != nil {
		return binaries{}, err
	}
	half := copied + ".part"
	for _, old := range []string{half, copied} {
		if err := os.RemoveAll(old); err != nil {
			return binaries{}, err
		}
	}
	if out, err := exec.Command("cp", "-r", "--no-dereference", "--", filepath.Dir(bin.dir), half).CombinedOutput(); err != nil {
		return binaries{}, fmt.Errorf("copying PostgreSQL to %s: %w: %s", half, err, out)
	}
	return there, os.Rename(half, copied)
}

// mkdir creates an empty folder that only the user can enter.
func (u user) mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return u.own(dir)
}

func (u user) own(dir string) error {
	if u.credential == nil {
		return nil
	}
	return os.Chown(dir, int(u.credential.Uid), int(u.credential.Gid))
}
