# Sign-in with Gatehouse by Nextcloud's app user_oidc: run this in Nextcloud's folder, as the user of the web server. Run again, it changes
# what is there. It answers at https://cloud.example.org/apps/user_oidc/code
php occ app:enable user_oidc
php occ user_oidc:provider Gatehouse \
  --clientid nextcloud --clientsecret '…' \
  --discoveryuri https://api.example.org/.well-known/openid-configuration \
  --scope 'openid profile email groups' \
  --unique-uid 0 --mapping-uid preferred_username \
  --mapping-groups groups --group-provisioning 1
