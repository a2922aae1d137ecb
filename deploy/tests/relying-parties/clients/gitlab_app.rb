# A Rack application that signs in as GitLab does, with the library that GitLab has and the args of gitlab.rb, and says what came of it.
require 'json'
require 'omniauth_openid_connect'
require 'rack'
require 'webrick'

gitlab_rails = {}
eval(File.read(ENV.fetch('GITLAB_RB')), binding)
ARGS = gitlab_rails['omniauth_providers'].first.fetch(:args)
GITLAB = ARGS[:client_options].delete(:gitlab)

SWD.url_builder = URI::HTTP if ARGS[:issuer].start_with?('http:') # on this machine there is no TLS
OmniAuth.config.logger = Logger.new($stderr)
OmniAuth.config.allowed_request_methods = [:get]
OmniAuth.config.silence_get_warning = true
OmniAuth.config.path_prefix = '/users/auth'
OmniAuth.config.on_failure = lambda do |env|
  [401, { 'content-type' => 'application/json' }, [JSON.dump(error: env['omniauth.error.type'], says: env['omniauth.error'].to_s)]]
end

# What documentation says that GitLab does with groups: whether any is in a list of its settings.
app = lambda do |env|
  auth = env['omniauth.auth'] or next [404, {}, []]
  groups = Array(auth.extra.raw_info[GITLAB.fetch(:groups_attribute)])
  kinds = %i[required_groups external_groups auditor_groups admin_groups].to_h { |kind| [kind, !(groups & GITLAB.fetch(kind)).empty?] }
  said = { uid: auth.uid, nickname: auth.info.nickname, email: auth.info.email, groups: groups, **kinds }
  [200, { 'content-type' => 'application/json' }, [JSON.dump(said)]]
end

stack = Rack::Builder.new do
  use Rack::Session::Cookie, secret: 'x' * 64
  use OmniAuth::Strategies::OpenIDConnect, ARGS
  run app
end
Rack::Handler::WEBrick.run(stack.to_app, Host: '127.0.0.1', Port: Integer(ENV.fetch('PORT')))
