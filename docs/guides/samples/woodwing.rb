# WEBHOOK_SECRET=… rackup --host 127.0.0.1 --port 3000 woodwing.rb     (Ruby 3.1 or newer)
require 'json'
require 'openssl'

# The token as it is, not decoded: it only looks like base64.
SECRET_TOKEN = ENV.fetch('WEBHOOK_SECRET')

def genuine?(body, given)
  OpenSSL.secure_compare(given.to_s, OpenSSL::HMAC.hexdigest('SHA256', SECRET_TOKEN, body))
end

run lambda { |env|
  body = env['rack.input'].read.b
  next [400, {}, []] unless genuine?(body, env['HTTP_X_HOOK_SIGNATURE'])

  event = JSON.parse(body)
  puts "#{event['type']} #{event['assetId']}"
  [204, {}, []]
}
