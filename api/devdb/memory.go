package devdb

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	memory      = "/dev/shm"
	memoryNeeds = 1 << 30 // bytes; a container of Docker's has 64 MB by default
)

// testData is the folder for the data of the tests' servers: in memory where there is room, because a database for each test is
// mostly the making and removing of files, which take about 20 ms there and 100 to 800 ms on a disk; below .cache otherwise.
// What stays, some 70 MB for a server, is the next run's, and goes with the machine's next start.
func testData(root string) (string, error) {
	var free syscall.Statfs_t
	if err := syscall.Statfs(memory, &free); err != nil || free.Bavail*uint64(free.Bsize) < memoryNeeds {
		return filepath.Join(root, ".cache/test-postgres"), nil
	}
	sum := sha256.Sum256(fmt.Append(nil, os.Geteuid(), " ", root))
	dir := fmt.Sprintf("%s/gatehouse-%x", memory, sum[:6])
	return dir, open(dir)
}
