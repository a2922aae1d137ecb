#!/bin/sh
# After the files are there: dpkg calls it "configure OLD-VERSION", rpm with how many versions are installed.
set -e
systemd-sysusers gatehouse.conf
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# While the API of before serves on, the new program migrates. Only then is it replaced; where that fails, it stays.
if systemctl --quiet is-active gatehouse-api.service; then
  if ! systemctl start gatehouse-migrate.service; then
    echo "gatehouse: the migration failed and changed nothing; the API of before serves on. See journalctl -u gatehouse-migrate" >&2
    exit 1
  fi
  systemctl restart gatehouse-api.service
fi
systemctl try-restart gatehouse-ui.service
