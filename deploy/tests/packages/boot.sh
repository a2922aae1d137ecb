#!/bin/sh
# boot.sh FOLDER CGROUP: boots the Debian in a folder with a systemd of its own, in namespaces of its own; whatever is mounted here is
# mounted nowhere else, and all of it ends with this process. Its network is a loopback and nothing else.
set -eu
mkdir -p "$2"
echo $$ > "$2/cgroup.procs"
# also where whoever started this was killed
exec setpriv --pdeathsig KILL unshare --cgroup --pid --mount --net --uts --ipc --fork --kill-child --propagation private sh -euc '
root=$1
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
ip link set lo up
hostname debian
cd "$root"
pivot_root . mnt
umount -l /mnt
mount --make-rshared / # systemd hands credentials to services by a mount
exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /lib/systemd/systemd --system --log-target=journal
' sh "$1"
