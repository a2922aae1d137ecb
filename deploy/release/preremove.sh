#!/bin/sh
# Before the files go: dpkg calls it "remove" or "upgrade", rpm with how many versions will be left.
set -e
case "$1" in remove | deconfigure | 0) ;; *) exit 0 ;; esac
[ -d /run/systemd/system ] || exit 0
systemctl --quiet disable --now gatehouse-api.service gatehouse-ui.service gatehouse-migrate.service
