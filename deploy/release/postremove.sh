#!/bin/sh
# After the files have gone. What cannot be made again is not removed, but named.
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload
case "$1" in purge | 0) ;; *) exit 0 ;; esac
left=
for file in /etc/gatehouse/*; do
  [ ! -e "$file" ] || left="$left $file"
done
if [ -n "$left" ]; then
  echo "gatehouse: these are kept:$left" >&2
  echo "gatehouse: without the encryption key, secrets in the database cannot be read any more. To remove all: rm -r /etc/gatehouse" >&2
fi
echo "gatehouse: the database was not touched, and the user gatehouse stays. To remove it: DROP DATABASE gatehouse; DROP ROLE gatehouse" >&2
