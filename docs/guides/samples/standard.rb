# WEBHOOK_SECRET=whsec_… rackup --host 127.0.0.1 --port 3000 standard.rb     (Ruby 3.1 or newer)
require 'json'
require 'openssl'

# Two secrets, separated by a blank, while one is being replaced.
SECRETS = ENV.fetch('WEBHOOK_SECRET').split(' ')
TOLERANCE_SECONDS = 300

def genuine?(body, env)
  id, timestamp, signatures = env.values_at('HTTP_WEBHOOK_ID', 'HTTP_WEBHOOK_TIMESTAMP', 'HTTP_WEBHOOK_SIGNATURE')
  return false if id.to_s.empty? || signatures.nil? || !timestamp.to_s.match?(/\A[0-9]{1,12}\z/)
  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE_SECONDS

  signed = "#{id}.#{timestamp}.".b + body
  signatures.split(' ').any? { |entry| SECRETS.any? { |secret| fits?(entry, secret, signed) } }
end

def fits?(entry, secret, signed)
  key = secret.delete_prefix('whsec_').unpack1('m')
  wanted = "v1,#{[OpenSSL::HMAC.digest('SHA256', key, signed)].pack('m0')}"
  OpenSSL.secure_compare(entry, wanted)
end

run lambda { |env|
  body = env['rack.input'].read.b # the raw bytes: parse only after they are verified
  next [400, {}, []] unless genuine?(body, env)

  event = JSON.parse(body)
  puts "#{event['type']} #{event['data']['subject']['id']}"
  [204, {}, []]
}
