# Sign-in with Gatehouse, for /etc/gitlab/gitlab.rb.
gitlab_rails['omniauth_allow_single_sign_on'] = ['openid_connect']
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_providers'] = [
  {
    name: 'openid_connect',
    label: 'Gatehouse',
    args: {
      name: 'openid_connect',
      scope: %w[openid profile email],
      response_type: 'code',
      issuer: 'https://api.example.org',
      discovery: true,
      client_auth_method: 'basic',
      uid_field: 'sub',
      pkce: true,
      client_options: {
        identifier: 'gitlab',
        secret: '…',
        redirect_uri: 'https://gitlab.example.org/users/auth/openid_connect/callback',
        # Premium and Ultimate look at these; the free edition lets in whom Gatehouse lets in.
        gitlab: {
          groups_attribute: 'gitlab_groups',
          required_groups: %w[users],
          external_groups: %w[guests],
          auditor_groups: %w[auditors],
          admin_groups: %w[admins]
        }
      }
    }
  }
]
